"""A program that ends, forks or is interrupted while it has connections: cleanly, and the peers notice.

The program runs in a process of its own; the test is the peer. Each program ends within half a minute.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import textwrap
import threading
from types import SimpleNamespace
from typing import Any

import pytest

import tkws
from tests.ledger import Ledger
from tests.peers import Log
from tkws.protocol.frames import Opcode

pytestmark = pytest.mark.slow

PATIENCE = 30.0  # seconds that a program may take

BEGINNING = """
import os, signal, sys, tkinter, tkws
root = tkinter.Tcl()
def ignore(ws, type, message): pass
def on_client_event(client, type, message):
    if type == "connect":  # an interrupt amid its opening might leave a socket to the collector
        ws.send("here")
def on_event(ws, type, message):
    if type == "connect":
        server = tkws.serve(master=root, handler=ignore)  # and a client of it
        tkws.open(server.url, on_client_event, master=root)
    elif type == "text":
        react(ws, message)
ws = tkws.open(sys.argv[1], on_event, master=root)
"""


@pytest.fixture
def program(peers, pump_until, child):
    """``program(source)``: starts it; its end of the connection is a peer that has heard "here"."""

    def start(source: str):
        listening = peers.listen()
        source = BEGINNING + textwrap.dedent(source)
        started = child([sys.executable, "-W", "error", "-c", source, listening.url])
        sock: list[Any] = []
        pump_until(lambda: sock or (listening.waiting() and sock.append(listening.accept())), PATIENCE)
        [peer] = sock
        peer.accept()
        peer.hear(1)
        return started, peer

    return start


def outcome(child, pump_until) -> tuple[str, str, int]:
    pump_until(lambda: child.poll() is not None, PATIENCE)
    out, err = child.communicate()
    return out, err, child.returncode


def said_goodbye(peer) -> bool:
    """Whether the peer heard 1001 last, and then the end."""
    peer.wait_for_end()
    return peer.frames()[-1] == (Opcode.CLOSE, (1001).to_bytes(2, "big"))


ENDINGS = {
    "end of the source": ("react = lambda ws, message: root.quit()\nroot.mainloop(-1)", 0),
    "sys.exit in a handler": ("react = lambda ws, message: sys.exit(3)\nroot.mainloop(-1)", 3),
    "an exception of the main program": (
        "react = lambda ws, message: root.quit()\nroot.mainloop(-1)\nraise RuntimeError('own')",
        1,
    ),
    "SIGTERM, handled": (
        """
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        react = lambda ws, message: os.kill(os.getpid(), signal.SIGTERM)
        root.mainloop(-1)
        """,
        7,
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_end_of_the_program(program, pump_until, ending):
    source, status = ENDINGS[ending]
    child, peer = program(source)
    peer.text("go")
    assert said_goodbye(peer)
    _, err, returncode = outcome(child, pump_until)
    assert returncode == status
    assert err.strip().splitlines()[-1:] == (["RuntimeError: own"] if status == 1 else [])
    assert err.count("Traceback") == (status == 1)


def test_an_interrupt_leaves_mainloop_and_a_second_one_goes_on(program, pump_until):
    child, peer = program("""
        def react(ws, message):
            ws.send(f"got {message}")
            if message == "end":
                root.quit()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            root.mainloop(-1)
        except KeyboardInterrupt:
            ws.send("interrupted")
        root.mainloop(-1)
        """)
    os.kill(child.pid, signal.SIGINT)
    peer.text("one")  # Tk looks for signals at each event; this one's handler may be what is interrupted
    pump_until(lambda: (Opcode.TEXT, b"interrupted") in peer.frames(), PATIENCE)
    peer.text("two", "end")
    peer.wait_for_end()
    heard = [payload for opcode, payload in peer.frames() if opcode == Opcode.TEXT]
    assert heard[-2:] == [b"got two", b"got end"]
    assert heard.count(b"interrupted") == 1
    assert outcome(child, pump_until) == ("", "", 0)


FORKS = {
    "fork, then exit": """
        pid = os.fork()
        if not pid:
            sys.exit(0)
        os.waitpid(pid, 0)
        """,
    "fork, then collect and exit at once": """
        pid = os.fork()
        if not pid:
            globals().update(root=None)
            import gc
            gc.collect()
            os._exit(0)
        os.waitpid(pid, 0)
        """,
    "multiprocessing": """
        import multiprocessing
        child = multiprocessing.get_context("fork").Process(target=int)
        child.start()
        child.join()
        assert child.exitcode == 0
        """,
    "subprocess": """
        import subprocess
        listing = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, encoding="utf-8").stdout
        assert "socket:" not in listing and "eventpoll" not in listing, listing
        """,
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("kind", FORKS)
def test_a_child_process_does_not_disturb_the_connections(program, pump_until, kind):
    child, peer = program(
        "def react(ws, message):\n"
        "    if message == 'end':\n        return root.quit()\n"
        + textwrap.indent(textwrap.dedent(FORKS[kind]), "    ")
        + "\n    ws.send('still ' + message)\nroot.mainloop(-1)"
    )
    peer.text("here")
    peer.hear(2)
    peer.text("there")
    peer.hear(3)
    assert [payload for _, payload in peer.frames()] == [b"here", b"still here", b"still there"]
    peer.text("end")
    assert said_goodbye(peer)
    assert outcome(child, pump_until) == ("", "", 0)


# ---- threads


def test_ten_threads_send_while_the_connection_closes(root, peers, pump_until):
    books = [Ledger(4000) for _ in range(10)]
    log = Log()

    def hear(ws, type, message):
        if type == "text":
            books[int(message[0])].receiving(ws, type, message[1:])

    def tell(ws, type, message):
        log(ws, type, message)
        for name, each in enumerate(books):
            own = message
            if isinstance(message, tkws.MessagesLost):
                own = tkws.MessagesLost([lost[1:] for lost in message.messages if int(lost[0]) == name])
            each.sending(ws, type, own)

    near, far = peers.sockets()
    served = Log()
    tkws.takeover(far, lambda *event: (hear(*event), served(*event)), True, master=root)
    ws = tkws.takeover(near, tell, master=root)
    ready = threading.Barrier(11)

    def flood(name: int) -> None:
        class Named:
            state = property(lambda self: ws.state)
            send = staticmethod(lambda payload: ws.send(f"{name}{payload.decode()}"))

        ready.wait()
        while books[name].send(Named()):
            if books[name].sent > 20_000:
                break

    gc.collect()  # else a thread may collect the interpreter of the test before, which Tcl does not survive
    threads = [threading.Thread(target=flood, args=(name,)) for name in range(10)]
    for thread in threads:
        thread.start()
    ready.wait()
    pump_until(lambda: all(each.delivered > 20 for each in books), PATIENCE)
    ws.close(4000)
    pump_until(lambda: log.over and served.over, PATIENCE)
    for thread in threads:
        thread.join()
    for each in books:
        tally = each.tally()
        assert tally.delivered > 20
    assert log.types.count("disconnect") == 1


@pytest.mark.parametrize("place", ["from outside", "in a handler"])
def test_ten_threads_send_while_the_window_is_destroyed(root, display_root, peers, pump_until, place):
    near, far = peers.sockets()
    books = [Ledger() for _ in range(10)]
    log, served = Log(text=lambda ws, message: display_root.destroy()), Log()

    def hear(ws, type, message):
        served(ws, type, message)
        if type == "text":
            books[int(message[0])].receiving(ws, "text", message[1:])

    peer = tkws.takeover(far, hear, True, master=root)
    ws = tkws.takeover(near, log, master=display_root)
    refused: list[int] = []
    never = threading.Event()

    def flood(name: int) -> None:
        send = SimpleNamespace(state=tkws.State.OPEN, send=lambda data: ws.send(f"{name}{data.decode()}"))
        while books[name].sent < 100_000 and books[name].send(send):
            if books[name].sent > books[name].delivered + 2000:
                never.wait(0.001)  # ten quicker ones than the loop would be through before the window goes
        refused.append(books[name].refused)

    gc.collect()  # else a thread may collect the interpreter of the test before, which Tcl does not survive
    threads = [threading.Thread(target=flood, args=(name,)) for name in range(10)]
    for thread in threads:
        thread.start()
    pump_until(lambda: all(each.delivered > 20 for each in books), PATIENCE)
    if place == "in a handler":
        peer.send("now")
    else:
        display_root.destroy()
    pump_until(lambda: served.over and len(refused) == 10, PATIENCE)
    for thread in threads:
        thread.join()
    assert refused == [1] * 10  # each heard that nothing can be sent any more
    assert served.one("close")[0] in (1001, 1006)
    assert log.types == ["connect", *["text"] * (place == "in a handler")]
    assert not [sentence for each in books for sentence in each.wrong]  # what came, came once and in order
