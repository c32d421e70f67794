"""The fixtures of the suite.

Five of them always run and make a test fail for what it left behind or let pass unnoticed: an
exception in a Tk callback, an error in tkws's log, a descriptor, a thread, an event source of
Tk's. A test that provokes such an error asks for `callback_errors` or `expected_log`.
Exceptions in ``__del__`` and in threads are warnings of pytest's, and warnings are errors.

``TKWS_NOTIFIER=channel`` (or ``polled``) in the environment runs the whole suite on that loop.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import re
import signal
import socket
import ssl
import sys
import threading
import tkinter
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import trustme

from tests import guards, platforms, record
from tests.logrecorder import LogRecorder
from tests.progress import AtOnce
from tests.resolver import Resolver

PumpUntil = Callable[..., None]

CACHE = Path(__file__).parents[1] / ".cache"
INTEROP = Path(__file__).with_name("interop")

# In the repr() of an object.
ADDRESS = re.compile(" at 0x[0-9a-f]{6,}")

# Seconds of CPU time that tkws may take between two beats of the GUI's heartbeat.
LONGEST_STRETCH = 0.05

# Two cores are shared with others, so no example has a deadline; the same examples run each time
# unless another profile is asked for (--hypothesis-profile=explore).
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    record.register(config)
    os.environ["PYTHONUTF8"] = "1"  # programs are read as UTF-8
    os.environ["MPLCONFIGDIR"] = str(CACHE / "matplotlib")  # its list of fonts takes long to make
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as nohup does
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(config))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Leave bytes that are no text out of a test's id: it must not change, and gzip writes the time."""
    return "bytes" if isinstance(val, bytes) and len(val) > 8 and not val.isascii() else None


def pytest_report_header() -> str:
    notifier = os.environ.get("TKWS_NOTIFIER") or "file handlers"
    return f"tkws: notifier: {notifier}, Tk {tkinter.TkVersion}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    platforms.mark(items)
    for item in items:
        if "display_root" in getattr(item, "fixturenames", ()):
            item.add_marker("display")
        if INTEROP in item.path.parents:
            item.add_marker("programs")
        if ADDRESS.search(item.nodeid):
            raise pytest.UsageError(f"{item.nodeid}: give it an id that is the same in each process")


# ---- what always runs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Collect the test's garbage before the next test, and freeze what is left: pytest keeps it.

    Without the freeze, each collection would take longer than the one before.
    """
    failed = item.session.testsfailed
    outcome = yield
    guards.forget_failure()
    with warnings.catch_warnings():
        if item.session.testsfailed > failed:
            warnings.simplefilter("ignore", ResourceWarning)  # its own, and it has failed
        gc.collect()
    gc.freeze()
    return outcome


@pytest.fixture(scope="session")
def _pump() -> tkinter.Tk:
    """An interpreter of the suite's own: every interpreter of a thread is served by the same queue."""
    return tkinter.Tcl()


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder that is empty and can be written, whatever that of the user is like."""
    with pytest.MonkeyPatch.context() as patch:
        if os.name == "posix":
            theirs = os.path.expanduser("~/.Xauthority")
            patch.setenv("XAUTHORITY", os.environ.get("XAUTHORITY", theirs))
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _process_is_warm(_home: None, _pump: tkinter.Tk) -> None:
    """Lets Tcl, Tk and the collector open and keep what they keep for the life of the process.

    numpy is imported here: else the first large payload has a thread import it, whose files the test after
    that finds open.
    """
    with contextlib.suppress(ImportError):
        import numpy  # noqa: F401 - explained above
    _pump.update()
    if _has_display():
        tkinter.Tk().destroy()
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _nothing_is_left(_process_is_warm: None, _pump: tkinter.Tk) -> Iterator[None]:
    descriptors = guards.open_descriptors()
    threads = set(threading.enumerate())
    yield
    default_root = tkinter._default_root  # type: ignore[attr-defined] # a private name
    if default_root is not None:
        default_root.destroy()
    queue = guards.settle(_pump, descriptors)
    alive = guards.leaked_threads(threads)
    gc.collect()
    descriptors_left = guards.leaked_descriptors(descriptors)
    assert default_root is None, "Tk's default root was left behind"
    assert not queue, "; ".join(queue)
    assert not alive, f"threads were left behind: {alive}"
    assert not descriptors_left, f"descriptors were left open: {descriptors_left}"


@pytest.fixture(autouse=True)
def callback_errors(_nothing_is_left: None) -> Iterator[list[BaseException]]:
    """The exceptions that reached ``report_callback_exception``; the test takes out what it expects."""
    errors: list[BaseException] = []

    def record(_root: tkinter.Tk, _kind: type, error: BaseException, _traceback: object) -> None:
        errors.append(error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tkinter.Tk, "report_callback_exception", record)
        yield errors
    if errors:
        raise AssertionError(f"a Tk callback raised {errors!r}") from errors[0]


@pytest.fixture(autouse=True)
def _logged_errors(_nothing_is_left: None) -> Iterator[list[logging.LogRecord]]:
    records: list[logging.LogRecord] = []
    handler = guards.Recorder(records)
    logger = logging.getLogger("tkws")
    level = logger.level
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)
    logger.setLevel(level)
    assert not records, f"tkws logged {[record.getMessage() for record in records]}"


@pytest.fixture
def expected_log(_logged_errors: list[logging.LogRecord]) -> Iterator[list[logging.LogRecord]]:
    """The records that tkws logged at ERROR or above: at least one must come."""
    yield _logged_errors
    assert _logged_errors, "tkws was expected to log an error and did not"
    _logged_errors.clear()


@pytest.fixture
def record_log() -> Iterator[Callable[[str], LogRecorder]]:
    """``record_log(name)``: what a logger and those below it log from now on, at the level debug."""
    made: list[tuple[logging.Logger, LogRecorder]] = []

    def record(name: str) -> LogRecorder:
        logger, handler = logging.getLogger(name), LogRecorder()
        made.append((logger, handler))
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        return handler

    yield record
    for logger, handler in made:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


# ---- Tk


@pytest.fixture
def root() -> Iterator[tkinter.Tk]:
    """A Tcl interpreter with Tk's event loop and no screen; its tkws loop is closed after the test."""
    interpreter = tkinter.Tcl()
    yield interpreter
    gc.collect()
    left = guards.close_interpreter(interpreter)
    assert not left, f"left in the interpreter: {left}"


@pytest.fixture(params=["filehandler", pytest.param("polled", marks=pytest.mark.thorough)])
def notifier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How Tk learns that a descriptor is ready, of every loop that the test makes: both ways."""
    monkeypatch.setenv("TKWS_NOTIFIER", request.param)
    return str(request.param)


@pytest.fixture
def patchable_loop(root: tkinter.Tk) -> Any:
    """The loop of `root`, of a class of its own: those of a compiled tkws let no test replace a method."""
    from tkws import loop as loops

    usual = loops.loop_for(root)
    usual.close()
    loops._loops[root] = type("PatchableLoop", (type(usual),), {})(root)
    return loops._loops[root]


@pytest.fixture
def display_root() -> Iterator[tkinter.Tk]:
    """A window on a screen, real or virtual."""
    if not _has_display():
        pytest.skip("no screen: neither a DISPLAY nor Xvfb")
    window = tkinter.Tk()
    if not _has_font(window):
        window.destroy()
        pytest.skip("no font: Tk cannot write; fonts-dejavu-core has some")
    yield window
    if guards.exists(window):
        left = guards.close_interpreter(window)
        window.destroy()
        assert not [name for name in left if name.startswith("after")], f"left in the interpreter: {left}"


@pytest.fixture
def pump_until(_pump: tkinter.Tk) -> PumpUntil:
    """``pump_until(condition, timeout=60.0)`` runs Tk's event loop until ``condition()`` is true.

    It serves every interpreter of the thread. The test fails at ``timeout`` seconds, with the
    condition's source; what a bare file callback raised is raised here.
    """
    from tkws.testing import run_until

    def pump_until(condition: Callable[[], object], timeout: float = 60.0) -> None:
        __tracebackhide__ = True
        run_until(condition, timeout, master=_pump)

    return pump_until


@pytest.fixture
def peers(pump_until: PumpUntil) -> Iterator[Any]:
    """Makes the other ends of connections, which a test plays by hand; closes them after it."""
    from tests.peers import Peers

    with Peers(pump_until) as made:
        yield made


@pytest.fixture
def system_resolver() -> Iterator[Resolver]:
    """What the system's resolver answers during the test: it knows no names but those put in."""
    resolver = Resolver()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
        yield resolver


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The process's environment, without any setting of a proxy."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "REQUEST_METHOD":
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture(scope="session")
def ipv6() -> None:
    """Skip the test on a machine without IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")


@pytest.fixture
def log() -> Any:
    """A handler that writes down what it is called with."""
    from tests.peers import Log

    return Log()


@pytest.fixture
def taken(root: tkinter.Tk, peers: Any, log: Any, pump_until: PumpUntil) -> tuple[Any, Any]:
    """A server's connection that is open, with `log` for its handler, and its other end."""
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    return ws, peer


@pytest.fixture
def heartbeat(root: tkinter.Tk) -> Iterator[Any]:
    """A timer of 10 ms in ``root``: the test fails where tkws held it up by more than `LONGEST_STRETCH`."""
    from tests.heartbeat import Heartbeat

    with pytest.MonkeyPatch.context() as patch:
        heart = Heartbeat(root.tk, patch)
        yield heart
        heart.stop()
    held_up = f"tkws held Tk up for {heart.longest * 1000:.0f} ms of CPU time"
    assert heart.longest <= LONGEST_STRETCH, held_up


# ---- TLS


@pytest.fixture(scope="session")
def own_host() -> str:
    """An address for servers that give up their port and want it again: other tests run beside this one.

    On Linux and Windows, all of 127.0.0.0/8 is this machine.
    """
    if sys.platform == "darwin":
        return "127.0.0.1"
    return f"127.{os.getpid() >> 16 & 63 | 64}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """A certificate authority that only this run knows."""
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(ca: trustme.CA) -> trustme.LeafCert:
    """A certificate for localhost, by name and by both loopback addresses."""
    return ca.issue_cert("localhost", "127.0.0.1", "::1")


@pytest.fixture
def server_ssl(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server's context that shows `certificate`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def client_ssl(ca: trustme.CA) -> ssl.SSLContext:
    """A client's context that trusts `ca` and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    return context


def _has_font(window: tkinter.Tk) -> bool:
    try:
        window.tk.call("font", "metrics", "TkDefaultFont")
    except tkinter.TclError:
        return False
    return True


def _has_display() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY"))
