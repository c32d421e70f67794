"""The report on this machine, in this process and as a person gets it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tkinter

import pytest

from tkws.console import doctor
from tkws.console.selftest import SelfTest
from tkws.console.terminal.status import Status


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tkws", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


@pytest.mark.slow
def test_it_reports_what_there_is_and_that_messages_pass():
    done = run("doctor", "--json")
    assert done.returncode == Status.CLEAN
    report = json.loads(done.stdout)
    assert report["Tk"]["version"] == tkinter.Tcl().eval("info patchlevel")
    assert report["self-test"]["round trips a second"] > 0
    assert report["self-test"]["flood, messages a second"] > 0
    assert "Measuring" in done.stderr


@pytest.mark.slow
def test_the_text_has_a_line_for_each_fact():
    out = io.StringIO()
    assert doctor.run(out) is Status.CLEAN
    lines = out.getvalue().splitlines()
    assert lines[0] == "tkws"
    assert any(line.split() == ["threaded", "yes"] for line in lines)
    assert any(line.strip().startswith("round trips a second") for line in lines)


def test_a_machine_on_which_no_message_passes_fails(root):
    test = SelfTest(root, redraws=False, timeout=1e-9)
    assert "the connection was not opened" in str(test.run()["failed"])
    assert test.failed


def test_no_secret_of_a_proxy_is_shown():
    shown = doctor.as_text(
        {
            "proxies": doctor.proxies(
                {
                    "https": "http://alice:s3cret@proxy.example:3128",
                    "wss": "no url: s3cret",
                    "no": "localhost,.example",
                }
            )
        }
    )
    assert "s3cret" not in shown
    assert "http://proxy.example:3128" in shown
    assert "not used" in shown
    assert "localhost,.example" in shown


@pytest.mark.parametrize("word", ["serv", "Server", "docter"])
def test_a_mistyped_verb_is_not_taken_for_a_host(word):
    done = run(word, "--no-gui")
    assert done.returncode == Status.USAGE
    assert "did you mean" in done.stderr
    assert f"ws://{word}/" in done.stderr
