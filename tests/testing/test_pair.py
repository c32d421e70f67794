"""Both ends of a connection in one process, and the handler that writes down."""

from __future__ import annotations

import pytest

import tkws
from tkws.testing import Recorder, connected_pair, run_until


def test_what_one_end_sends_the_other_gets(root) -> None:
    ours, theirs = Recorder(), Recorder()
    client, server = connected_pair(ours, theirs, master=root)
    assert (client.role, server.role) == (tkws.Role.CLIENT, tkws.Role.SERVER)
    client.send("to the server")
    server.send(b"to the client")
    run_until(lambda: ours.messages and theirs.messages, master=root)
    assert (ours.messages, theirs.messages) == ([b"to the client"], ["to the server"])
    assert ours.events[0] == ("connect", None)
    client.close(1000, "enough")
    run_until(lambda: "disconnect" in ours and "disconnect" in theirs, master=root)
    assert theirs.all("close") == [(1000, "enough")]


def test_both_ends_get_the_options(root) -> None:
    client, server = connected_pair(master=root, keepalive=7)
    assert client["keepalive"] == server["keepalive"] == 7
    client.close()
    run_until(lambda: server.state is tkws.State.CLOSED, master=root)


@pytest.mark.parametrize(
    ("options", "error"), [({"keepalive": -1}, ValueError), ({"nonsense": 1}, TypeError)]
)
def test_a_wrong_option_is_refused_and_leaves_no_socket(root, options, error) -> None:
    with pytest.raises(error, match=next(iter(options))):
        connected_pair(master=root, **options)


def test_a_recorder_passes_on_and_knows_what_came(root) -> None:
    passed: list[tuple[object, ...]] = []
    recorder = Recorder(lambda *event: passed.append(event))
    assert recorder.ws is None
    assert "connect" not in recorder
    client, server = connected_pair(recorder, master=root)
    server.send("a")
    run_until(lambda: recorder.messages, master=root)
    assert recorder.ws is client
    assert passed == [(client, "connect", None), (client, "text", "a")]
    assert repr(recorder) == "<Recorder ['connect', 'text']>"
    client.close()
    run_until(lambda: "disconnect" in recorder, master=root)
