"""A relay that breaks when it is told to, between a client and a server of tkws."""

from __future__ import annotations

import socket

import pytest

import tkws
from tkws.testing import Link, Recorder, run_until


@pytest.fixture
def echo(root):
    server = tkws.serve(master=root)
    server.live("/", lambda ws, type, message: type in ("text", "binary") and ws.send(message))
    yield server
    server.close()


@pytest.fixture
def link(root, echo):
    made = Link(echo.url, master=root)
    yield made
    made.close()


@pytest.fixture
def talk(root, link):
    """Opens a connection through the link and exchanges a message."""

    def talk(**options):
        recorder = Recorder()
        ws = tkws.open(link.url, recorder, master=root, **options)
        run_until(lambda: "connect" in recorder, master=root)
        ws.send("hello")
        run_until(lambda: recorder.messages, master=root)
        return ws, recorder

    return talk


def close(root, ws, recorder) -> None:
    ws.close()
    run_until(lambda: "disconnect" in recorder, master=root)


def test_it_passes_on_both_ways_and_ends_with_both(root, link, talk) -> None:
    ws, recorder = talk(compression=False)
    ws.send(bytes(range(256)) * 4096)  # more than the buffers on the way take at once
    run_until(lambda: len(recorder.messages) == 2, master=root)
    assert recorder.messages[1] == bytes(range(256)) * 4096
    assert link.accepted == 1
    assert link.carried > 2 * 256 * 4096
    close(root, ws, recorder)
    assert recorder.all("close") == [(1000, "")]
    run_until(lambda: repr(link) == "<Link up: 0 connections>", master=root)


def test_a_cut_resets_both_ends(root, link, echo, talk) -> None:
    _, recorder = talk()
    link.cut()
    run_until(lambda: "disconnect" in recorder and not echo.connections, master=root)
    assert recorder.all("close")[0][0] == 1006


def test_a_cut_after_some_bytes_loses_the_rest(root, link, talk) -> None:
    ws, recorder = talk(compression=False)
    before = link.carried
    link.cut_after(1000)
    ws.send(b"x" * 5000)
    run_until(lambda: "disconnect" in recorder, master=root)
    assert link.carried == before + 1000
    assert recorder.messages == ["hello"]


def test_a_stall_holds_everything_until_it_flows_again(root, link, talk) -> None:
    ws, recorder = talk()
    link.stall()
    assert repr(link) == "<Link stalled: 1 connection>"
    carried = link.carried
    ws.send("held up")
    late = Recorder()
    other = tkws.open(link.url, late, master=root)
    run_until(lambda: link.accepted == 2, master=root)
    assert link.carried == carried
    link.flow()
    run_until(lambda: "connect" in late and recorder.messages == ["hello", "held up"], master=root)
    close(root, ws, recorder)
    close(root, other, late)


def test_a_client_reconnects_once_the_link_is_up_again(root, link, talk) -> None:
    backoff = tkws.Backoff(initial=0.01)
    ws, recorder = talk(reconnect=backoff)
    link.down()
    link.down()
    run_until(lambda: len(recorder.all("retry")) >= 2, master=root)
    link.up()
    link.up()
    run_until(lambda: len(recorder.all("connect")) == 2, master=root)
    close(root, ws, recorder)


def test_a_link_that_is_down_keeps_its_port(root, link, talk) -> None:
    _, recorder = talk()
    link.down()
    with pytest.raises(OSError, match="cannot listen"):
        tkws.serve(port=link._port, master=root)
    refused = Recorder()
    tkws.open(link.url, refused, master=root)
    run_until(lambda: "disconnect" in refused and "disconnect" in recorder, master=root)
    assert isinstance(refused.all("error")[0].__cause__, ConnectionRefusedError)
    link.close()
    again = tkws.serve(port=link._port, master=root)
    again.close()


def test_a_delay_keeps_the_order(root, link, talk) -> None:
    ws, recorder = talk()
    link.delay = 0.02
    for number in range(20):
        ws.send(str(number))
    run_until(lambda: len(recorder.messages) == 21, master=root)
    assert recorder.messages[1:] == [str(number) for number in range(20)]
    close(root, ws, recorder)


def test_a_server_that_is_not_there_resets_who_comes(root, echo) -> None:
    link = Link(echo.url, master=root)
    echo.close()
    recorder = Recorder()
    tkws.open(link.url, recorder, master=root)
    run_until(lambda: "disconnect" in recorder, master=root)
    assert "error" in recorder
    link.close()
    link.close()


def test_a_link_that_closes_while_it_dials_dials_no_more(root, link, echo) -> None:
    near, far = socket.socketpair()
    with far:
        link._accept(near, None)
        (client,) = link._connections
        link.close()
        run_until(lambda: not link._connections, master=root)
    assert client.dial is not None
    assert "over: 0 under way, 0 waiting" in repr(client.dial)


@pytest.mark.parametrize("target", ["ws://127.0.0.1/", "ws://localhost:80/", "nowhere"])
def test_a_target_that_is_none_is_refused(root, target) -> None:
    with pytest.raises(ValueError, match="target"):
        Link(target, master=root)


def test_a_negative_count_is_refused(link) -> None:
    with pytest.raises(ValueError, match="count"):
        link.cut_after(-1)
