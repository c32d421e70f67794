"""The suite's own fixtures: each fault that they watch for is committed in an inner run and blamed there."""

from __future__ import annotations

import re
import ssl
import tkinter
from pathlib import Path
from xml.etree import ElementTree

import pytest

REPOSITORY = Path(__file__).parents[1]

# What each inner test does, and the words that blame it; no words where nothing is wrong.
ACTS = {
    "is_innocent": ("root.after(1, done.append, 1); pump_until(lambda: done)", ""),
    "raises_in_a_callback": (
        "root.after(1, fail); pump_until(lambda: callback_errors)",
        "a Tk callback raised",
    ),
    "expects_the_callback_error": (
        "root.after(1, fail); pump_until(lambda: callback_errors); callback_errors.pop()",
        "",
    ),
    "logs_an_error": ("logging.getLogger('tkws.net').error('lost %d', 7)", "tkws logged .*lost 7"),
    "logs_a_warning": ("logging.getLogger('tkws.net').warning('slow')", ""),
    "expects_the_log": ("the('expected_log'); logging.getLogger('tkws').error('lost')", ""),
    "expects_a_log_in_vain": ("the('expected_log')", "was expected to log an error"),
    "leaks_a_descriptor": ("keep.append(os.open('.', os.O_RDONLY))", "descriptors were left open"),
    "fails_with_a_socket_in_a_cycle": ("ring = [socket.socket()]; ring.append(ring); fail()", "as asked"),
    "is_spared_by_the_failed_one": ("pass", ""),
    "leaks_a_descriptor_in_a_cycle": (
        "ring = [os.open('.', os.O_RDONLY)]; ring.append(ring)",
        "descriptors were left open",
    ),
    "leaks_a_thread": (
        "threading.Thread(target=never.wait, daemon=True).start()",
        "threads were left behind",
    ),
    "leaks_an_after_script": ("root.after(60_000, fail)", "left in the interpreter: .*after script"),
    "leaks_a_tcl_command": ("root.register(fail)", "left in the interpreter: .*Tcl command"),
    "leaks_a_file_handler": ("watch(root, print)", "a file handler was left behind"),
    "is_spared_by_its_predecessor": ("pass", ""),
    "raises_in_a_file_handler": ("watch(root, fail); pump_until(lambda: False)", "as asked"),
    "raises_in_a_thread": (
        "thread = threading.Thread(target=fail); thread.start(); thread.join()",
        "as asked",
    ),
    "raises_in_a_finalizer": ("Finalized()", "as asked"),
    "raises_unheard_in_a_file_handler": ("watch(root, fail); root.tk.dooneevent()", "bare callback"),
    "leaves_a_socket_to_the_collector": ("socket.socket()", "unclosed"),
    "leaves_a_default_root": ("the('display_root').destroy(); tkinter.Tk()", "default root was left"),
    "computes_in_the_loop": (
        "the('heartbeat'); compute(root, 0.08, done); pump_until(lambda: done)",
        "tkws held Tk up for .* ms of CPU time",
    ),
    "computes_little_in_the_loop": (
        "the('heartbeat'); compute(root, 0.01, done); pump_until(lambda: done)",
        "",
    ),
    "waits_in_vain": ("pump_until(lambda: done, timeout=0.05)", "not within 0.05 s: .*lambda: done"),
}

INNER = """
import logging, os, socket, threading, time, tkinter

keep = []
never = threading.Event()

def fail(*_):
    raise RuntimeError("as asked")

def watch(root, callback):
    pair = socket.socketpair()
    keep.extend(pair)
    root.tk.createfilehandler(pair[0], tkinter.WRITABLE, callback)

def compute(root, seconds, done):
    from tkws.loop import loop_for

    def busy():
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass
        done.append(True)

    loop_for(root).call_soon(busy)

class Finalized:
    def __del__(self):
        fail()
"""


@pytest.mark.slow
def test_each_fault_is_blamed_on_the_test_that_commits_it(pytester, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    tests = [
        f"def test_{name}(root, pump_until, callback_errors, request):\n"
        f"    done, the = [], request.getfixturevalue\n"
        f"    {act}\n"
        for name, (act, _) in ACTS.items()
    ]
    pytester.makepyfile("\n".join([INNER, *tests]))
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    pytester.runpytest_subprocess(
        "-p", "tests.conftest", "-p", "no:xvfb", "--junitxml=report.xml", timeout=60
    )

    blame: dict[str, str] = {}
    for case in ElementTree.parse(pytester.path / "report.xml").iter("testcase"):
        name = case.attrib["name"].removeprefix("test_")
        said = "".join(
            f"{part.get('message')}\n{part.text}" for part in case if part.tag in ("error", "failure")
        )
        skipped = case.find("skipped") is not None
        blame[name] = blame.get(name, "") + said + ("skipped" if skipped else "")
    assert blame.keys() == ACTS.keys()
    wrong = {
        name: blame[name]
        for name, (_, words) in ACTS.items()
        if blame[name] != "skipped"
        and not (re.search(words, blame[name], re.DOTALL) if words else not blame[name])
    }
    assert not wrong


@pytest.fixture
def in_two_processes(pytester, monkeypatch):
    """``in_two_processes(source)``: what pytest prints about a file of tests, run as by tests/run.sh."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    options = ["-p", "tests.conftest", "-p", "no:xvfb", "-n", "2", "--dist", "worksteal"]

    def run(source):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess(*options, timeout=60).outlines

    return run


@pytest.mark.slow
def test_a_process_that_dies_hides_no_failure(in_two_processes):
    lines = in_two_processes("""
        import os, pytest

        @pytest.mark.parametrize("number", range(20))
        def test_it(number):
            if number == 3:
                os._exit(3)
            assert number != 17
    """)
    assert "2 failed, 18 passed" in lines[-1]
    failed = {line.split()[1] for line in lines if line.startswith("FAILED")}
    assert {name.partition("[")[2] for name in failed} == {"3]", "17]"}


@pytest.mark.slow
def test_a_failure_is_shown_when_it_happens_and_named_at_the_end(in_two_processes):
    lines = in_two_processes("""
        import pytest

        @pytest.mark.parametrize("number", range(20))
        def test_it(number):
            print("heard", number)
            assert number not in (0, 10)
    """)
    shown = [index for index, line in enumerate(lines) if line.startswith(("E ", "heard"))]
    assert {lines[index] for index in shown if "heard" in lines[index]} == {"heard 0", "heard 10"}
    assert len(shown) == 4
    assert shown[-1] < lines.index(next(line for line in lines if "short test summary" in line))
    assert any(line.endswith("[100%]") for line in lines[shown[1] :])
    assert len([line for line in lines if line.startswith("FAILED")]) == 2


def test_pump_until_serves_every_interpreter_of_the_thread(root, pump_until) -> None:
    other = tkinter.Tcl()
    rang: list[str] = []
    root.after(1, rang.append, "root")
    other.after(1, rang.append, "other")
    pump_until(lambda: len(rang) == 2)


def test_pump_until_may_be_nested_in_a_callback(root, pump_until) -> None:
    rang: list[str] = []

    def outer() -> None:
        root.after(1, rang.append, "inner")
        pump_until(lambda: rang == ["inner"])
        rang.append("outer")

    root.after(1, outer)
    pump_until(lambda: rang == ["inner", "outer"])


def test_a_certificate_is_trusted_by_its_own_authority_alone(server_ssl, client_ssl) -> None:
    def handshake(client: ssl.SSLContext) -> None:
        pipes = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends = (
            client.wrap_bio(pipes[0], pipes[1], server_hostname="localhost"),
            server_ssl.wrap_bio(pipes[1], pipes[0], server_side=True),
        )
        for _ in range(4):
            for end in ends:
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue

    handshake(client_ssl)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(ssl.create_default_context())
