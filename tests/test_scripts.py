"""The two commands of the repository, as far as they go before they make an environment."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tkws.console import cli

REPOSITORY = Path(__file__).parents[1]

_IMPORTED = """
import sys, demos.chat.__main__, demos.remote.__main__, demos.files.__main__
print(*{name.partition('.')[0] for name in sys.modules})
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", *command],
        cwd=REPOSITORY / "docs",  # from anywhere
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_an_unknown_demo_is_refused_with_the_list_of_those_there_are() -> None:
    result = run("../demos/run.sh", "nothing")
    assert result.returncode == 2
    assert "Unknown demo nothing." in result.stderr
    listed = result.stderr.splitlines()[1:]
    demos = REPOSITORY / "demos"
    packages = [path.parent.name for path in demos.glob("*/__main__.py")]
    assert listed == sorted([*packages, *(path.stem for path in demos.glob("[!_]*.py"))])


def test_the_demos_are_listed_with_what_they_are() -> None:
    result = run("../demos/run.sh", "--list")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == run("../demos/run.sh", "nothing").stderr.splitlines()[1:]
    assert all(re.fullmatch(r"\w+ +[^\s\"`].{20,}[.]", line) for line in lines), lines


def test_each_demo_names_what_it_needs_and_the_chat_needs_nothing() -> None:
    script = (REPOSITORY / "demos" / "run.sh").read_text(encoding="utf-8")
    named = {"aiohttp", "nats-py", "customtkinter", "matplotlib", "psutil", "pillow"}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["demos"]
    assert {re.split("[<>=]", requirement)[0] for requirement in extra} == named
    assert all(name in script for name in named)
    imported = subprocess.run(
        [sys.executable, "-c", _IMPORTED],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.split()
    assert not {"aiohttp", "nats", "customtkinter", "matplotlib", "psutil", "PIL"} & set(imported)


def test_the_command_tkws_is_the_console() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["tkws"].partition(":")
    assert getattr(importlib.import_module(module), function) is cli.main


def test_a_python_that_is_not_there_is_told() -> None:
    result = run("../tests/run.sh", PYTHON="no-such-python")
    assert result.returncode == 1
    assert "PYTHON=no-such-python is not there." in result.stderr


def test_a_python_without_tk_is_told_what_to_install(tmp_path: Path) -> None:
    poor = tmp_path / "python"
    poor.write_text(
        f'#!/bin/sh\ncase "$*" in *tkinter*) exit 1;; esac\nexec "{sys.executable}" "$@"\n', encoding="utf-8"
    )
    poor.chmod(0o755)
    result = run("../tests/run.sh", PYTHON=str(poor))
    assert result.returncode == 1
    assert result.stderr.startswith(f"{poor} lacks tkinter or venv: install python3-tk")
    assert len(result.stderr.splitlines()) == 1


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    result = run("../tests/run.sh", PYTHON=str(old))
    assert result.returncode == 1
    assert result.stderr == f"{old} is older than Python 3.11: name a newer one by PYTHON=...\n"


# ---- tests/run.sh, with a Python that makes environments of nothing and a pytest that prints its arguments

MAKES_ENVIRONMENTS = """#!/bin/sh
case "$*" in
    "-m venv --clear "*)
        mkdir -p "$4/bin"
        cp "$0.inner" "$4/bin/python"
        ;;
    *) exec "{python}" "$@" ;;
esac
"""
PRINTS_ITS_ARGUMENTS = """#!/bin/sh
case "$2" in
    pytest)
        shift 2
        echo "pytest: $*"
        exit "${PYTEST_STATUS:-0}"
        ;;
esac
"""
PARALLEL = "-n 2 --dist worksteal"
USUAL = f"{PARALLEL} -m not slow"
CORES = {"nproc": "echo 2"}
INSTALLS = {"id": "echo 0", "apt-get": 'echo "$*" >>apt-get.log'}


@pytest.fixture
def suite(tmp_path):
    """``suite(*arguments, programs={}, **environment)`` runs tests/run.sh where little is installed."""
    for name in ("tests/run.sh", "tests/environment.sh", "tests/interop/node/package.json", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / "tests/test_one.py").touch()
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("bash", "cat", "cksum", "cmp", "cp", "dirname", "mkdir", "rm", "uname"):
        (folder / program).symlink_to(shutil.which(program) or program)

    def add(name: str, source: str) -> Path:
        (folder / name).write_text(
            source if source.startswith("#!") else f"#!/bin/sh\n{source}\n", encoding="utf-8"
        )
        (folder / name).chmod(0o755)
        return folder / name

    python = add("stub", MAKES_ENVIRONMENTS.format(python=sys.executable))
    add("stub.inner", PRINTS_ITS_ARGUMENTS)

    def run_it(
        *arguments: str, programs: dict[str, str], **environment: Any
    ) -> subprocess.CompletedProcess[str]:
        for name, source in programs.items():
            add(name, source)
        return subprocess.run(
            ["bash", "tests/run.sh", *arguments],
            cwd=tmp_path,
            env={"PATH": str(folder), "PYTHON": str(python), "HOME": "/nowhere", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run_it


# What is asked for, and what pytest gets.
ARGUMENTS = {
    "": USUAL,
    "-x": f"{USUAL} -x",
    "--junit-xml tests.xml": f"{USUAL} --junit-xml tests.xml",
    "--all": PARALLEL,
    "--all -x": f"{PARALLEL} -x",
    "tests": f"{PARALLEL} tests",
    "-k close": f"{PARALLEL} -k close",
    "--lf": f"{PARALLEL} --lf",
    "tests/test_one.py": "tests/test_one.py",
    "-q tests/test_one.py::test_it -x": "-q tests/test_one.py::test_it -x",
    "tests/test_one.py tests": f"{PARALLEL} tests/test_one.py tests",
    "-n4": "-m not slow -n4",
    "--pdb": "-m not slow --pdb",
}


@pytest.mark.parametrize("asked", ARGUMENTS)
@pytest.mark.slow
def test_pytest_gets_what_was_asked_for(suite, asked):
    result = suite(*asked.split(), programs=CORES)
    assert result.stdout == f"pytest: {ARGUMENTS[asked]}\n"
    assert result.returncode == 0


@pytest.mark.slow
def test_quick_needs_no_programs(suite):
    result = suite("--quick", programs=CORES | INSTALLS)
    assert "-m not slow and not thorough and not display and not programs" in result.stdout
    assert "nstall" not in result.stderr
    assert "npm" not in result.stderr


@pytest.mark.slow
def test_it_says_what_it_runs_and_how_long_that_will_take(suite):
    assert (
        "all but the slow ones, which --all runs too. They take about 4 minutes"
        in suite(programs=CORES).stderr
    )
    assert "about 0 seconds" in suite(programs=CORES).stderr  # as long as the last time
    assert "about 60 seconds" in suite("--quick", programs=CORES, PYTEST_STATUS="2").stderr
    assert "about 60 seconds" in suite("--quick", programs=CORES).stderr  # which was interrupted
    assert "those that are named" in suite("tests/test_one.py", programs=CORES).stderr


@pytest.mark.slow
def test_one_process_uses_the_screen_of_the_user(suite):
    result = suite(programs=CORES, DISPLAY=":0")
    assert "The windows come up on your screen, so that one process runs all tests." in result.stderr
    assert result.stdout == "pytest: -m not slow\n"
    assert suite("--quick", programs=CORES, DISPLAY=":0").stdout.startswith(f"pytest: {PARALLEL}")
    assert suite(programs=CORES | {"Xvfb": ""}, DISPLAY=":0").stdout == f"pytest: {USUAL}\n"


@pytest.mark.slow
def test_it_fails_as_pytest_does(suite):
    assert suite(programs=CORES, PYTEST_STATUS="1").returncode == 1


@pytest.mark.slow
def test_what_is_missing_is_told_then_installed(suite, tmp_path):
    result = suite(programs=CORES | INSTALLS)
    told = result.stderr.index("Not installed: chromium, for the tests of a browser.")
    assert told < result.stderr.index("installing chromium")
    log = (tmp_path / "apt-get.log").read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in log].count("update") == 1
    assert any(line.endswith("install -qq -y --no-install-recommends chromium") for line in log)
    assert "The tests of a browser are skipped." in result.stderr  # that apt-get installs nothing
    assert result.returncode == 0


@pytest.mark.slow
def test_without_leave_to_install_it_is_told_what_is_skipped(suite, tmp_path):
    result = suite(programs=CORES | INSTALLS | {"id": "echo 1000"})
    assert "Not installed: chromium, for the tests of a browser." in result.stderr
    assert "The tests of a browser are skipped." in result.stderr
    assert not (tmp_path / "apt-get.log").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("answer", "installed"), [("", True), ("y", True), ("no", False)])
@pytest.mark.slow
def test_who_is_there_is_asked(suite, tmp_path, answer, installed):
    suite("--quick", programs=CORES | INSTALLS)
    ours, theirs = os.openpty()
    with subprocess.Popen(
        ["bash", "tests/run.sh"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin"), "PYTHON": str(tmp_path / "bin/stub"), "HOME": "/nowhere"},
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        said = b""
        while process.poll() is None or b"Tests:" not in said:
            try:
                said += os.read(ours, 4096)
            except OSError:  # nobody has the terminal any more
                break
        os.close(ours)
        assert process.wait(60) == 0
    assert b"by apt-get? [Y/n]" in said
    assert (tmp_path / "apt-get.log").exists() is installed


# ---- .ci/run

STEPS = """
set -euo pipefail
. .ci/steps.sh
fails() { echo begun; false; echo went on; }
begin "beside" fails
step "first" true
step "second" fails
finish
begin "later" echo heard
finish
echo tests/test_it.py::test_it >"$logs/flaky"
closing_table
"""


def test_every_step_runs_and_is_in_the_closing_table(tmp_path):
    (tmp_path / ".ci").mkdir()
    shutil.copy(REPOSITORY / ".ci/steps.sh", tmp_path / ".ci")
    result = subprocess.run(
        ["bash", "-c", STEPS], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert result.returncode == 1
    assert "went on" not in result.stdout
    assert result.stdout.count("begun") == 2
    table = [line.split() for line in result.stdout.partition("heard")[2].splitlines() if line]
    assert [(row[0], row[-1]) for row in table[1:5]] == [
        ("ok", "first"), ("FAILED", "second"), ("FAILED", "beside"), ("ok", "later"),
    ]  # fmt: skip
    assert table[5][-2:] == ["in", "all"]
    assert table[-3][0] == "flaky,"
    assert table[-2] == ["tests/test_it.py::test_it"]
    assert table[-1] == ["2", "passed,", "2", "failed"]


# A pytest whose first run fails in two tests and whose second one in one of them; it prints its arguments.
FAILS_TWICE = """
pytest() {
    local failed='  "tests/test_it.py::test_it[a b]": true'
    echo "pytest: $*"
    mkdir -p cache/v/cache
    [ -e cache/v/cache/lastfailed ] || failed='  "tests/test_it.py::test_it[\\"b\\"]": true,'$'\\n'$failed
    printf '{\\n%s\\n}' "$failed" >cache/v/cache/lastfailed
    return "${STATUS:-1}"
}
. .ci/tests.sh
run_tests cache "-n 4 --dist worksteal" pytest -q tests
"""


@pytest.fixture
def with_tests_sh(tmp_path):
    """``with_tests_sh(script, **environment)`` runs a script beside .ci/tests.sh, below `tmp_path`."""
    folder = tmp_path / "sources"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci/tests.sh", folder / ".ci")

    def run_it(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run_it


def test_what_failed_is_repeated_by_itself_and_flaky_if_it_passes_then(with_tests_sh, tmp_path):
    result = with_tests_sh(FAILS_TWICE)
    assert (result.returncode, result.stderr) == (1, "")
    assert [line for line in result.stdout.splitlines() if line.startswith("pytest")] == [
        "pytest: -q tests -n 4 --dist worksteal",
        "pytest: -q tests -p no:xdist --last-failed --last-failed-no-failures=none",
    ]
    flaky = (tmp_path / "sources/.cache/logs/flaky").read_text(encoding="utf-8")
    assert flaky == 'tests/test_it.py::test_it[\\"b\\"]\n'


@pytest.mark.parametrize("status", ["0", "2", "5"])
def test_a_run_that_passes_or_is_broken_is_not_repeated(with_tests_sh, status):
    result = with_tests_sh(FAILS_TWICE, STATUS=status)
    assert result.returncode == int(status)
    assert result.stdout == "pytest: -q tests -n 4 --dist worksteal\n"


# Something goes on that a test has started.
COPIES = """
. .ci/tests.sh
copy_sources ../copy
flock -n ../copy.lock true || echo taken
cmp .ci/tests.sh ../copy/.ci/tests.sh
outlives() {
    sleep 60 >/dev/null 2>&1 &
    echo $!
    mkdir -p ../copy/.cache/platforms
    echo kept >../copy/.cache/platforms/all.json
}
run_tests cache "" outlives
"""


@pytest.mark.skipif(shutil.which("flock") is None, reason="no flock")
def test_a_copy_of_the_sources_belongs_to_one_run_and_its_record_comes_back(with_tests_sh, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "old").touch()
    result = with_tests_sh(COPIES)
    assert (result.returncode, result.stderr) == (0, "")
    taken, started = result.stdout.split()
    try:
        assert with_tests_sh("flock -n ../copy.lock true").returncode == 0
    finally:
        os.kill(int(started), signal.SIGKILL)
    assert taken == "taken"
    assert (tmp_path / "sources/.cache/platforms/all.json").read_text(encoding="utf-8") == "kept\n"
    assert not (tmp_path / "copy" / "old").exists()
