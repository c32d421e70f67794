"""What a program has handed over and no connection has taken: kept offline, or handed in by threads."""

from __future__ import annotations

import gc
import threading
from collections import deque

import pytest

import tkws
from tests.ledger import OWN_CLOSE, Ledger, Tally
from tests.peers import Log
from tkws.connection.threadqueue import ThreadQueue
from tkws.loop import loop_for
from tkws.protocol.frames import Opcode

TEXT, BINARY, PING, PONG, CLOSE = Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG, Opcode.CLOSE
QUICK = tkws.Backoff(initial=0.01, jitter=0)
NEVER = tkws.Backoff(initial=60)


@pytest.fixture
def again(root, peers, log, pump_until):
    """A client that is open and connects again by itself, who listens for it, and its other end."""
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, reconnect=QUICK, offline_buffer=8, compression=False)
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    return ws, listening, peer


@pytest.fixture
def outbox(root):
    """One that belongs to no connection, and what it posts."""
    posted: list[tuple[str, object]] = []
    return ThreadQueue(loop_for(root), posted.extend), posted


def serve(root) -> tuple[tkws.HTTPServer, Log]:
    log = Log()
    return tkws.serve(master=root, handler=log), log


def lost_in(log: Log) -> list[str | bytes]:
    """The messages that came back: in one event, or in two where a slice ended between them."""
    errors = [error for error in log.all("error") if isinstance(error, tkws.MessagesLost)]
    return [message for error in errors for message in error.messages]


def hand_in(*calls):
    """Makes calls in another thread while the loop rests; what they returned or raised."""
    results = []

    def run():
        for call in calls:
            try:
                results.append(call())
            except tkws.StateError as error:
                results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results


# ---- kept while there is no connection


def test_messages_are_kept_up_to_the_bound_and_sent_behind_what_connect_sends(root, pump_until):
    server, heard = serve(root)
    log = Log(connect=lambda ws, message: ws.send("token"))
    ws = tkws.open(server.url, log, master=root, reconnect=QUICK, offline_buffer=10)
    assert ws.send("12345") == 5
    assert ws.send(b"678") == 3
    with pytest.raises(tkws.StateError, match="offline buffer is full"):
        ws.send("901")
    pump_until(lambda: heard.all("binary"))
    assert heard.all("text") == ["token", "12345"]
    assert heard.all("binary") == [b"678"]
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    server.close()


def test_what_is_sent_after_connect_does_not_overtake_what_was_kept(root, peers, pump_until, monkeypatch):
    books = Ledger()
    listening = peers.listen()
    log = Log(text=lambda ws, message: books.send(ws))
    ws = tkws.open(listening.url, log, master=root, reconnect=QUICK, offline_buffer=1000, compression=False)
    for _ in range(3):
        books.send(ws)
    peer = listening.accept()
    answer = []
    with monkeypatch.context() as patch:
        patch.setattr(peer, "send", answer.append)
        peer.accept()
    peer.send(answer[0] + peer.frame(Opcode.TEXT, b"hello"))  # so that it comes with the answer
    for _, payload in peer.hear(4):
        books.receiving(ws, "binary", payload)
    assert books.tally() == Tally(sent=4, delivered=4, lost=0)
    ws.close()
    peer.sock.close()
    pump_until(lambda: log.over)


def test_what_was_kept_waits_for_a_message_that_connect_has_begun(root, pump_until):
    server, heard = serve(root)
    log = Log(connect=lambda ws, message: ws.send("be", final=False))
    ws = tkws.open(server.url, log, master=root, reconnect=QUICK, offline_buffer=10)
    ws.send("kept")
    pump_until(lambda: log.open)
    ws.send("gun")
    pump_until(lambda: len(heard.all("text")) == 2)
    assert heard.all("text") == ["begun", "kept"]
    ws.close()
    pump_until(lambda: log.over)
    server.close()


def test_kept_messages_that_are_never_sent_are_told(root, pump_until):
    server, _ = serve(root)
    server.close()
    log = Log()
    ws = tkws.open(server.url, log, master=root, offline_buffer=100)
    ws.send("one")
    ws.send(b"two")
    pump_until(lambda: log.over)
    assert log.types == ["error", "error", "disconnect"]
    lost = log.events[1][1]
    assert isinstance(lost, tkws.MessagesLost)
    assert lost.messages == ["one", b"two"]


@pytest.mark.parametrize("reconnect", [None, NEVER])
def test_nothing_is_kept_any_more_after_the_end(root, pump_until, reconnect):
    server, _ = serve(root)
    server.close()
    ws = tkws.open(server.url, log := Log(), master=root, offline_buffer=100, reconnect=reconnect)
    pump_until(lambda: log.over)
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    with pytest.raises(tkws.StateError, match="CLOSED"):
        ws.send("too late")


# ---- calls from another thread


def in_thread(call, pump_until):
    """Makes a call in another thread while the loop runs; what it returned or raised."""
    result = []

    def run():
        try:
            result.append(call())
        except Exception as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    pump_until(lambda: result)
    thread.join()
    return result[0]


def test_calls_from_another_thread(taken, log, pump_until):
    ws, peer = taken
    assert in_thread(lambda: ws.send("text"), pump_until) == 4
    assert in_thread(lambda: ws.send(b"bytes"), pump_until) == 5
    assert in_thread(lambda: ws.ping("ping"), pump_until) == 0
    assert in_thread(lambda: ws.pong(b"pong"), pump_until) == 0
    assert in_thread(lambda: ws.close(4000, "over"), pump_until) is None
    assert peer.hear(5) == [
        (TEXT, b"text"), (BINARY, b"bytes"), (PING, b"ping"), (PONG, b"pong"), (CLOSE, b"\x0f\xa0over"),
    ]  # fmt: skip


def test_another_threads_buffer_may_change_at_once(taken, pump_until):
    ws, peer = taken
    buffer = bytearray(b"before")

    def send_and_change():
        ws.send(buffer)
        buffer[:] = b"after!"

    in_thread(send_and_change, pump_until)
    assert peer.hear() == [(BINARY, b"before")]


def test_wrong_arguments_raise_in_the_other_thread(taken, pump_until):
    ws, _ = taken
    for call, kind in [
        (lambda: ws.send(5), TypeError),
        (lambda: ws.send("\ud800"), ValueError),
        (lambda: ws.send("x", final=None), TypeError),
        (lambda: ws.ping(5), TypeError),
        (lambda: ws.ping("x" * 126), ValueError),
        (lambda: ws.pong("\ud800"), ValueError),
        (lambda: ws.close(5), ValueError),
        (lambda: ws.close("5"), TypeError),
    ]:
        assert isinstance(in_thread(call, pump_until), kind)


def test_a_thread_hears_that_the_connection_is_closing_or_closed(taken, log, pump_until):
    ws, peer = taken
    ws.close()
    assert isinstance(in_thread(lambda: ws.send("late"), pump_until), tkws.StateError)
    assert in_thread(ws.close, pump_until) is None
    peer.sock.close()
    pump_until(lambda: log.over)
    assert isinstance(in_thread(ws.ping, pump_until), tkws.StateError)
    assert in_thread(ws.close, pump_until) is None
    ws.loop.close()
    assert isinstance(in_thread(lambda: ws.send("late"), pump_until), tkws.StateError)
    assert in_thread(ws.close, pump_until) is None


# ---- the thread and the loop in turn


@pytest.mark.usefixtures("patchable_loop")
def test_a_burst_of_messages_wakes_the_loop_once(taken, pump_until, monkeypatch):
    ws, peer = taken
    wakes = []
    wake = ws.loop.call_soon_threadsafe
    monkeypatch.setattr(ws.loop, "call_soon_threadsafe", lambda *call: (wakes.append(call), wake(*call)))
    for name in "abc":
        hand_in(*[lambda text=f"{name}{number}": ws.send(text) for number in range(100)])
    assert [payload.decode() for _, payload in peer.hear(300)] == [
        f"{name}{number}" for name in "abc" for number in range(100)
    ]
    assert len(wakes) == 1
    hand_in(lambda: ws.send("later"))
    peer.hear(301)
    assert len(wakes) == 2


def test_a_long_burst_lets_others_have_their_turn(outbox, root, pump_until):
    box, _ = outbox
    loop = loop_for(root)
    done = []

    def take_long():
        while not loop.slice_spent():
            pass
        done.append("long")

    hand_in(lambda: box.submit(take_long), lambda: box.submit(lambda: done.append("last")))
    loop.call_soon_threadsafe(done.append, "other")
    pump_until(lambda: len(done) == 3)
    assert done == ["long", "other", "last"]


def test_what_is_submitted_meanwhile_is_taken_as_well(outbox, pump_until):
    box, _ = outbox
    done = []
    box.submit(lambda: (done.append(1), hand_in(lambda: box.submit(lambda: done.append(2)))))
    pump_until(lambda: done == [1, 2])
    box.submit(lambda: done.append(3))
    pump_until(lambda: done == [1, 2, 3])


def test_a_call_that_fails_is_reported_and_the_next_one_made(outbox, pump_until, callback_errors):
    box, posted = outbox
    done = []
    box.submit(lambda: 1 // 0, "message")
    box.submit(lambda: done.append(True))
    box.flush()
    assert done
    assert isinstance(callback_errors.pop(), ZeroDivisionError)
    pump_until(lambda: not box._due and posted)
    ((type, lost),) = posted
    assert type == "error"
    assert lost.messages == ["message"]
    assert "by zero" in str(lost.__cause__)


def test_the_rest_of_a_message_whose_beginning_failed_is_lost_as_well(outbox, pump_until, callback_errors):
    box, posted = outbox
    sent = []
    box.submit(lambda: 1 // 0, "begun", final=False)
    box.submit(lambda: sent.append("ended"), "ended")
    box.submit(lambda: sent.append("next"), "next")
    pump_until(lambda: sent and posted)
    assert isinstance(callback_errors.pop(), ZeroDivisionError)
    assert sent == ["next"]
    assert posted[0][1].messages == ["begun", "ended"]


def test_a_finalizer_that_sends_while_a_thread_does_loses_nothing(outbox, monkeypatch):
    """Making the queue may collect, and so run it: it makes a queue of its own then."""
    box, _ = outbox
    made = []

    def collecting():
        if not made:
            made.append(1)
            box.submit(list, "of the finalizer")
        return deque()

    monkeypatch.setattr("tkws.connection.threadqueue.deque", collecting)
    box.submit(list, "of the thread")
    ((_, lost),) = box.close()
    assert lost.messages == ["of the finalizer", "of the thread"]


def test_what_interrupts_the_program_loses_nothing(outbox, root, pump_until):
    box, _ = outbox
    done = []

    def interrupt():
        raise KeyboardInterrupt

    box.submit(interrupt)
    box.submit(lambda: done.append(True))
    with pytest.raises(KeyboardInterrupt):
        pump_until(lambda: done)
    pump_until(lambda: done)


# ---- the connection is not open when a thread's message is taken


def test_what_a_thread_sends_too_early_comes_back(root, peers, log, pump_until):
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root)
    assert hand_in(lambda: ws.send("early"), lambda: ws.send(b"bird")) == [5, 4]
    pump_until(lambda: len(lost_in(log)) >= 2)
    assert lost_in(log) == ["early", b"bird"]
    assert all(isinstance(lost.__cause__, tkws.StateError) for lost in log.all("error"))
    listening.accept().accept()
    pump_until(lambda: log.open)


def test_a_ping_that_a_thread_sends_too_early_is_told(root, peers, log, pump_until):
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root)
    hand_in(ws.ping)
    pump_until(lambda: log.all("error"))
    assert isinstance(log.one("error"), tkws.StateError)
    listening.accept().accept()
    pump_until(lambda: log.open)


@pytest.mark.usefixtures("patchable_loop")
def test_what_a_thread_sends_while_the_peer_closes_comes_back(taken, log, pump_until):
    ws, peer = taken
    peer.bye(1001)
    with pytest.MonkeyPatch.context() as patch:
        calls = []
        patch.setattr(ws.loop, "call_soon_threadsafe", lambda *call: calls.append(call))
        assert hand_in(lambda: ws.send("one"), ws.ping, lambda: ws.send("two")) == [3, 0, 3]
        pump_until(lambda: ws.state is not tkws.State.OPEN)
    for call, *arguments in calls:  # as if it had been slow
        ws.loop.call_soon_threadsafe(call, *arguments)
    peer.sock.close()
    pump_until(lambda: log.over)
    assert lost_in(log) == ["one", "two"]
    assert log.types[-1] == "disconnect"


@pytest.mark.usefixtures("patchable_loop")
def test_what_is_on_its_way_when_the_connection_ends_comes_back_in_one_event(
    taken, log, pump_until, monkeypatch
):
    ws, peer = taken
    wakes = []
    monkeypatch.setattr(ws.loop, "call_soon_threadsafe", wakes.append)
    assert hand_in(lambda: ws.send("one"), ws.ping, lambda: ws.send(b"two")) == [3, 0, 3]
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "error", "disconnect"]
    assert log.one("error").messages == ["one", b"two"]
    [take] = wakes
    take()
    assert log.types[-1] == "disconnect"  # nothing is told after it
    [error] = hand_in(lambda: ws.send("three"))
    assert isinstance(error, tkws.StateError)
    assert wakes == [take]


def test_a_call_that_finds_the_end_between_its_two_steps_raises(taken, log, pump_until, monkeypatch):
    ws, peer = taken
    looked, ended = threading.Event(), threading.Event()
    look = type(ws)._require_not_over

    def look_and_wait(self):
        look(self)
        looked.set()
        assert ended.wait(10)

    monkeypatch.setattr(type(ws), "_require_not_over", look_and_wait)
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.extend(_raised(lambda: ws.send("between"))))
    thread.start()
    assert looked.wait(10)
    peer.sock.close()
    pump_until(lambda: log.over)
    ended.set()
    thread.join()
    assert [type(each) for each in results] == [tkws.StateError]
    assert not log.all("error")


def _raised(call):
    try:
        return [call()]
    except tkws.StateError as error:
        return [error]


def test_the_end_waits_for_a_call_that_is_being_submitted(outbox):
    box, posted = outbox
    inside, go = threading.Event(), threading.Event()

    class Slow(deque):
        def append(self, entry):
            inside.set()
            assert go.wait(10)
            super().append(entry)

    box._submitted = Slow()
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.extend(_raised(lambda: box.submit(str, "message"))))
    thread.start()
    assert inside.wait(10)
    events: list[tuple[str, object]] = []
    end = threading.Thread(target=lambda: events.extend(box.close()))
    end.start()
    end.join(0.05)
    go.set()
    for each in (thread, end):
        each.join()
    assert results == [None]
    [(_, lost)] = events
    assert lost.messages == ["message"]
    assert isinstance(*_raised(lambda: box.submit(str, "late")), tkws.StateError)
    assert posted == box.close() == []


# ---- threads, fragments and a connection that is opened again


def test_what_a_thread_sends_while_down_is_kept_as_far_as_there_is_room(again, log, pump_until):
    ws, listening, peer = again
    peer.sock.close()
    pump_until(lambda: "retry" in log.types)
    assert hand_in(*[lambda text=text: ws.send(text) for text in ("kept", "too long", "also")]) == [4, 8, 4]
    pump_until(lambda: log.all("error"))
    assert log.one("error").messages == ["too long"]
    assert "offline buffer is full" in str(log.one("error").__cause__)
    peer = listening.accept()
    peer.accept()
    assert peer.hear(2) == [(TEXT, b"kept"), (TEXT, b"also")]


@pytest.mark.usefixtures("patchable_loop")
def test_what_is_on_its_way_is_kept_when_the_connection_is_opened_again(again, log, pump_until, monkeypatch):
    ws, listening, peer = again
    with monkeypatch.context() as patch:
        wakes = []
        patch.setattr(ws.loop, "call_soon_threadsafe", wakes.append)
        hand_in(lambda: ws.send("way"))
        peer.sock.close()
        pump_until(lambda: "retry" in log.types)
    wakes[0]()
    peer = listening.accept()
    peer.accept()
    assert peer.hear() == [(TEXT, b"way")]
    assert not log.all("error")


def test_the_rest_of_a_message_does_not_go_out_as_a_message(again, log, pump_until):
    ws, listening, peer = again
    hand_in(lambda: ws.send("be", final=False), ws.ping)
    peer.hear(2)
    peer.sock.close()
    pump_until(lambda: "retry" in log.types)
    hand_in(ws.ping, lambda: ws.send("gun"), lambda: ws.send("whole"))
    pump_until(lambda: len(log.all("error")) == 2)
    assert [type(error) for error in log.all("error")] == [tkws.StateError, tkws.MessagesLost]
    assert log.all("error")[1].messages == ["gun"]
    peer = listening.accept()
    peer.accept()
    assert peer.hear() == [(TEXT, b"whole")]


def test_a_message_that_is_begun_while_down_is_lost_whole(again, log, pump_until):
    ws, listening, peer = again
    peer.sock.close()
    pump_until(lambda: "retry" in log.types)
    hand_in(lambda: ws.send("be", final=False), lambda: ws.send("gun"), lambda: ws.send(b"next"))
    pump_until(lambda: len(lost_in(log)) >= 2)
    assert lost_in(log) == ["be", "gun"]
    peer = listening.accept()
    peer.accept()
    assert peer.hear() == [(BINARY, b"next")]


def test_fragments_of_a_thread_go_out(taken):
    ws, peer = taken
    hand_in(lambda: ws.send("be", final=False), ws.ping, lambda: ws.send("gun"), lambda: ws.send(b"next"))
    assert [opcode for opcode, _ in peer.hear(4)] == [TEXT, PING, Opcode.CONTINUATION, BINARY]


# ---- threads and the end


def test_what_a_thread_has_submitted_goes_out_before_a_close(taken, log, pump_until):
    ws, peer = taken
    hand_in(lambda: ws.send("one"), ws.ping, lambda: ws.send("two"))
    ws.close(4000)
    assert peer.hear(4) == [(TEXT, b"one"), (PING, b""), (TEXT, b"two"), (CLOSE, b"\x0f\xa0")]
    peer.bye(4000)
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]


def test_what_a_thread_sends_behind_its_close_comes_back(taken, log, pump_until):
    ws, peer = taken
    hand_in(lambda: ws.send("before"), ws.close, lambda: ws.send("behind"))
    assert peer.hear(2) == [(TEXT, b"before"), (CLOSE, b"\x03\xe8")]
    pump_until(lambda: log.all("error"))
    assert log.one("error").messages == ["behind"]
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types[-1] == "disconnect"


def test_a_thread_may_close_for_good_while_the_peer_closes(again, log, pump_until):
    ws, _, peer = again
    peer.bye(1001)
    pump_until(lambda: ws.state is tkws.State.CLOSING)
    done: list[bool] = []
    hand_in(ws.close, lambda: ws.loop.call_soon_threadsafe(done.append, True))
    pump_until(lambda: done)
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]


def test_what_is_submitted_when_the_window_goes_is_sent_with_the_goodbye(taken, log):
    ws, peer = taken
    hand_in(lambda: ws.send("last"))
    ws.loop.close()
    assert peer.hear(2) == [(TEXT, b"last"), (CLOSE, b"\x03\xe9")]
    assert isinstance(*hand_in(lambda: ws.send("late")), tkws.StateError)
    assert log.types == ["connect"]


@pytest.mark.usefixtures("patchable_loop")
def test_a_call_that_loses_against_the_windows_end_is_silent(taken, log, monkeypatch):
    ws, peer = taken
    wake = ws.loop.call_soon_threadsafe

    def go_first(*call):
        gone.set()
        assert over.wait(10)
        wake(*call)

    gone, over = threading.Event(), threading.Event()
    monkeypatch.setattr(ws.loop, "call_soon_threadsafe", go_first)
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.extend(_raised(lambda: ws.send("last"))))
    thread.start()
    assert gone.wait(10)
    ws.loop.close()
    over.set()
    thread.join()
    assert results == [4]  # it went out with the goodbye
    assert peer.hear(2)[0] == (TEXT, b"last")
    assert log.types == ["connect"]


@pytest.mark.slow
@pytest.mark.parametrize("end", ["a Close", "a FIN", "a reset", "our own Close"])
def test_ten_threads_send_while_the_connection_ends(root, peers, pump_until, end):
    books = [Ledger() for _ in range(10)]
    attempts = [0] * 10
    under_way = [threading.Semaphore(1000) for _ in books]  # so many messages: the threads send until the end
    told, served = Log(), Log()

    def hear(ws, type, message):
        if type == "text":
            books[int(message[0])].receiving(ws, type, message[1:])
            under_way[int(message[0])].release()
        else:
            served(ws, type, message)

    def tell(ws, type, message):
        told(ws, type, message)
        for name, each in enumerate(books):
            if isinstance(message, tkws.MessagesLost):
                lost = [text[1:] for text in message.messages if int(text[0]) == name]
                each.sending(ws, type, tkws.MessagesLost(lost))
            else:
                each.sending(ws, type, message)
            if type == "disconnect":
                under_way[name].release(1000)

    class Named:
        def __init__(self, name: int) -> None:
            self.name = name

        def send(self, payload: bytes) -> None:
            ws.send(f"{self.name}{payload.decode()}")

    near, far = peers.sockets()
    peer = tkws.takeover(far, hear, True, master=root)
    ws = tkws.takeover(near, tell, master=root, close_timeout=1)

    def flood(name: int) -> None:
        end = Named(name)
        taken = True
        while taken:
            under_way[name].acquire()
            attempts[name] += 1
            taken = books[name].send(end)

    gc.collect()  # else a thread may collect the interpreter of the test before, which Tcl does not survive
    threads = [threading.Thread(target=flood, args=(name,), daemon=True) for name in range(10)]
    for thread in threads:
        thread.start()
    pump_until(lambda: all(each.delivered > 20 for each in books))
    assert all(thread.is_alive() for thread in threads)
    if end == "a Close":
        peer.close(1001)
    elif end == "our own Close":
        ws.close(OWN_CLOSE)
    else:
        guilty = peer._session.driver.stream
        guilty.end() if end == "a FIN" else guilty.abort()
    pump_until(lambda: told.over and served.over)
    for thread in threads:
        thread.join()
    assert told.types[-1] == "disconnect"
    for name, each in enumerate(books):
        tally = each.tally()
        assert attempts[name] == tally.delivered + tally.lost + each.refused
        assert tally.delivered > 20
