"""Which loop an interpreter gets, and when it ends."""

from __future__ import annotations

import gc
import threading
import tkinter
import weakref

import pytest

from tests.loop.child import run_child
from tkws.errors import StateError
from tkws.loop import ChannelLoop, PolledLoop, TkLoop, bell, loop_for, process


class WithoutFileHandlers:
    """An interpreter as on Windows."""

    def __init__(self, tkapp: object) -> None:
        self._tkapp = tkapp

    def __getattr__(self, name: str):
        if name.endswith("filehandler"):
            raise AttributeError(name)
        return getattr(self._tkapp, name)


# ---- one for each interpreter


def test_every_widget_of_an_interpreter_has_the_same_loop(root) -> None:
    loop = loop_for(root)
    assert loop_for(root) is loop
    other = tkinter.Tcl()
    assert loop_for(other) is not loop
    assert loop_for(other).master is other
    assert loop.master is root


def test_a_widget_stands_for_its_window(display_root) -> None:
    frame = tkinter.Frame(display_root)
    assert loop_for(tkinter.Label(frame)) is loop_for(display_root)


def test_without_a_master_it_is_tks_default_root(display_root) -> None:
    assert loop_for() is loop_for(display_root)


def test_the_default_root_is_made_on_demand(display_root) -> None:
    display_root.destroy()
    loop = loop_for()
    made = tkinter._default_root  # type: ignore[attr-defined] # a private name
    assert loop.master is made
    assert made is not None
    made.destroy()
    assert loop.closed


def test_a_closed_loop_is_followed_by_a_new_one(root, pump_until) -> None:
    first = loop_for(root)
    first.close()
    second = loop_for(root)
    assert not second.closed
    called: list[int] = []
    second.call_soon(called.append, 1)
    pump_until(lambda: called)


@pytest.mark.parametrize("master", ["root", 1, object()])
def test_a_master_of_another_kind_is_refused(master) -> None:
    with pytest.raises(TypeError, match=f"master: .* not {type(master).__name__}"):
        loop_for(master)


@pytest.mark.parametrize("before", [True, False])
def test_another_thread_is_refused_at_once(root, before) -> None:
    if before:
        loop_for(root)
    refused: list[StateError] = []

    def ask() -> None:
        try:
            loop_for(root)
        except StateError as error:
            refused.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert "thread of its Tcl interpreter" in str(refused[0])


def test_a_window_that_is_being_destroyed_is_refused(display_root) -> None:
    refused: list[StateError] = []

    def ask() -> None:
        try:
            loop_for(display_root)
        except StateError as error:
            refused.append(error)

    loop_for(display_root).on_close(ask)
    display_root.destroy()
    assert "destroyed" in str(refused[0])


def test_a_destroyed_window_is_refused(display_root) -> None:
    display_root.destroy()
    with pytest.raises(StateError, match="destroyed"):
        loop_for(display_root)


def test_loops_of_several_interpreters_work_side_by_side(make_pair, pump_until) -> None:
    roots = [tkinter.Tcl() for _ in range(3)]
    heard: list[tuple[int, bytes]] = []
    for number, root in enumerate(roots):
        near, far = make_pair()
        loop_for(root).watch(
            near.fileno(), lambda near=near, number=number: heard.append((number, near.recv(9))), None
        )
        loop_for(root).call_later(0.01, far.send, b"hello")
    pump_until(lambda: len(heard) == 3)
    assert sorted(heard) == [(0, b"hello"), (1, b"hello"), (2, b"hello")]


# ---- which kind


@pytest.mark.parametrize(
    ("name", "kind"), [("filehandler", TkLoop), ("channel", ChannelLoop), ("polled", PolledLoop)]
)
def test_the_environment_forces_the_kind(root, monkeypatch, name, kind) -> None:
    monkeypatch.setenv("TKWS_NOTIFIER", name)
    assert type(loop_for(root)) is kind


@pytest.mark.parametrize("value", ["", None])
def test_file_handlers_are_used_where_there_are_any(root, monkeypatch, value) -> None:
    if value is None:
        monkeypatch.delenv("TKWS_NOTIFIER", raising=False)
    else:
        monkeypatch.setenv("TKWS_NOTIFIER", value)
    assert type(loop_for(root)) is TkLoop


def test_without_file_handlers_a_thread_waits(root, monkeypatch) -> None:
    monkeypatch.delenv("TKWS_NOTIFIER", raising=False)
    root.tk = WithoutFileHandlers(root.tk)
    assert type(loop_for(root)) is ChannelLoop


def test_without_file_handlers_and_loopback_it_is_polled(root, monkeypatch, caplog) -> None:
    monkeypatch.delenv("TKWS_NOTIFIER", raising=False)
    monkeypatch.setattr(bell, "_connect", refuse)
    root.tk = WithoutFileHandlers(root.tk)
    assert type(loop_for(root)) is PolledLoop
    assert "the loop polls" in caplog.text
    assert "a firewall" in caplog.text


def refuse(_tkapp: object) -> None:
    raise OSError("a firewall")


@pytest.mark.parametrize("name", ["filehandler", "channel"])
def test_forcing_a_missing_kind_is_refused(root, monkeypatch, name) -> None:
    monkeypatch.setenv("TKWS_NOTIFIER", name)
    monkeypatch.setattr(bell, "_connect", refuse)
    tkapp, root.tk = root.tk, WithoutFileHandlers(root.tk)
    with pytest.raises(StateError, match=f"TKWS_NOTIFIER={name}"):
        loop_for(root)
    root.tk = tkapp
    monkeypatch.undo()


def test_an_unknown_kind_is_refused(root, monkeypatch) -> None:
    monkeypatch.setenv("TKWS_NOTIFIER", "epoll")
    with pytest.raises(ValueError, match="TKWS_NOTIFIER: 'filehandler', 'channel' or 'polled', not 'epoll'"):
        loop_for(root)
    monkeypatch.undo()


@pytest.mark.slow
def test_a_readiness_object_beyond_what_tk_can_watch_means_polling() -> None:
    """The loop is made when 1,024 descriptors are open already; Tcl's own pipe is there."""
    child = run_child("""
        import os, resource, tkinter
        resource.setrlimit(resource.RLIMIT_NOFILE, (2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        root = tkinter.Tcl()
        root.update()
        files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
        from tkws.loop import loop_for
        loop = loop_for(root)
        loop.call_later(0.01, root.quit)
        root.mainloop(-1)
        print(type(loop).__name__)
        """)
    assert (child.stdout, child.stderr, child.returncode) == ("PolledLoop\n", "", 0)


# ---- the end


def ending(loop) -> list[str]:
    """Notes when ``loop`` closes."""
    ended: list[str] = []
    loop.on_close(lambda: ended.append("closed"))
    return ended


@pytest.mark.parametrize(
    "destroy",
    [
        lambda window: window.destroy(),
        lambda window: window.tk.eval("destroy ."),
        lambda window: window.tk.eval("rename . {}"),
        lambda window: window.tk.eval("eval [wm protocol . WM_DELETE_WINDOW]"),
    ],
    ids=["destroy()", "Tcl destroy", "Tcl rename", "window manager"],
)
def test_the_end_of_the_window_closes_the_loop(display_root, destroy) -> None:
    display_root.bind("<Destroy>", lambda _: None)
    display_root.protocol("WM_DELETE_WINDOW", display_root.destroy)
    loop = loop_for(display_root)
    ended = ending(loop)
    display_root.update()
    destroy(display_root)
    assert loop.closed
    assert ended == ["closed"]
    if tkinter._default_root is display_root:  # type: ignore[attr-defined] # a private name
        tkinter._default_root = None  # type: ignore[attr-defined] # a private name


def test_the_window_outlives_a_loop_that_was_closed(display_root) -> None:
    loop = loop_for(display_root)
    loop.close()
    assert not display_root.tk.eval("trace info command .")
    display_root.update()


def test_a_window_that_comes_later_is_followed(display_root) -> None:
    root = tkinter.Tcl()
    loop = loop_for(root)
    root.loadtk()
    assert loop_for(root) is loop
    ended = ending(loop)
    root.destroy()
    assert ended == ["closed"]


@pytest.mark.parametrize("place", ["fd", "soon", "timer"])
def test_a_callback_may_destroy_the_window(display_root, flooded, pump_until, place) -> None:
    loop = loop_for(display_root)
    ended = ending(loop)
    if place == "fd":
        loop.watch(flooded.fileno(), display_root.destroy, None)
    elif place == "soon":
        loop.call_soon(display_root.destroy)
    else:
        loop.call_later(0, display_root.destroy)
    loop.call_later(3, display_root.quit)
    display_root.mainloop()
    assert ended == ["closed"]


def test_windows_one_after_another(display_root, make_pair, pump_until) -> None:
    """The handlers of the first do not survive in the second."""
    heard: list[str] = []
    display_root.destroy()
    for number in range(3):
        window = tkinter.Tk()
        loop = loop_for(window)
        near, far = make_pair()
        loop.watch(near.fileno(), lambda number=number: heard.append(f"window {number}"), None)
        far.send(b"x")
        pump_until(lambda number=number: f"window {number}" in heard)
        window.destroy()
        heard.clear()
    last = tkinter.Tcl()
    last.after(30, heard.append, "end")
    pump_until(lambda: heard)
    assert heard == ["end"]


def test_a_forgotten_interpreter_closes_its_loop() -> None:
    root = tkinter.Tcl()
    loop = loop_for(root)
    ended = ending(loop)
    del root
    assert ended == ["closed"]
    assert loop.closed


def test_an_interpreter_collected_in_another_thread_closes_its_loop(pump_until) -> None:
    root = tkinter.Tcl()
    loop = loop_for(root)
    ended = ending(loop)
    handed = [root]
    del root
    thread = threading.Thread(target=handed.clear)
    thread.start()
    thread.join()
    pump_until(lambda: ended == ["closed"])


def test_a_root_that_goes_after_its_loop_is_ignored(root) -> None:
    other = tkinter.Tcl()
    loop = loop_for(other)
    loop.close()
    del other
    assert loop.closed


def test_an_exception_after_the_end_of_the_root_is_logged(expected_log) -> None:
    root = tkinter.Tcl()
    loop = loop_for(root)
    loop.on_close(lambda: 1 / 0)
    del root
    assert loop.closed
    assert "root is gone" in expected_log[0].getMessage()


@pytest.mark.parametrize("kind", [TkLoop, ChannelLoop, PolledLoop])
@pytest.mark.parametrize("outlived", [True, False])
def test_a_closed_loop_is_freed_without_the_collector(root, kind, outlived) -> None:
    """The collector may run in another thread, in which Tcl aborts when its interpreter goes."""
    seen = type("Seen", (kind,), {})  # can be referenced weakly, also if tkws is compiled
    gc.disable()
    try:
        loop = seen(root)
        root_of_other = tkinter.Tcl()
        other = seen(root_of_other)
        gone = weakref.ref(loop), weakref.ref(other)
        if outlived:
            loop.close()
            other.close()
        else:
            loop.close()
            del root_of_other
        del loop, other
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()


def test_a_thousand_loops_leave_nothing(root) -> None:
    """Descriptors, Tcl commands and timers are counted by the fixtures."""
    for _ in range(1000):
        loop = loop_for(root)
        loop.call_later(60, print)
        loop.close()
    assert not root.tk.call("info", "commands", "tkws*")


def test_the_end_of_the_program_closes_the_loops_of_its_thread(root) -> None:
    ready, over = threading.Event(), threading.Event()
    others: list[bool] = []

    def live() -> None:
        interpreter = tkinter.Tcl()
        loop = loop_for(interpreter)
        ready.set()
        over.wait()
        others.append(loop.closed)
        loop.close()

    thread = threading.Thread(target=live)
    thread.start()
    ready.wait()
    loop = loop_for(root)
    process.close_all()
    over.set()
    thread.join()
    assert loop.closed
    assert others == [False]


@pytest.mark.slow
def test_the_end_of_the_program_is_silent() -> None:
    child = run_child("""
        import threading, tkinter
        from tkws.loop import loop_for
        roots = [tkinter.Tcl(), tkinter.Tcl()]
        for root in roots:
            loop_for(root).on_close(lambda: print("closed"))
            loop_for(root).call_soon(print, "waiting")
        running = threading.Event()
        def live():
            root = tkinter.Tcl()
            loop_for(root).call_soon(running.set)
            root.mainloop(-1)
        threading.Thread(target=live, daemon=True).start()
        running.wait()
        """)
    assert (child.stdout.split(), child.stderr, child.returncode) == (["closed", "waiting"] * 2, "", 0)
