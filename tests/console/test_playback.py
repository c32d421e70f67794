"""A recording is played to each client, at the recorded distances times a speed."""

from __future__ import annotations

import json
import math
import tkinter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tkws
from tests.console.programs import PATIENCE, Start
from tests.peers import Log
from tkws.console.cli import main
from tkws.console.log.log import Direction, Log as Rows
from tkws.console.server.playback import Head
from tkws.console.server.recording import Cue, Recording
from tkws.console.server.serversession import Mode, ServerSession

THREE = Recording("three", [Cue(0.0, "a"), Cue(2.0, b"\1"), Cue(6.0, "c")])

Serve = Callable[..., ServerSession]
Join = Callable[..., Log]


@pytest.fixture
def serve(root: tkinter.Tk, pump_until: Any) -> Iterator[Serve]:
    sessions: list[ServerSession] = []

    def serve(recording: Recording | None = THREE, **options: Any) -> ServerSession:
        sessions.append(
            ServerSession(Rows(), Mode.SILENT, root, lambda *_: None, recording=recording, **options)
        )
        return sessions[-1]

    yield serve
    for session in sessions:
        session.close()
        pump_until(lambda session=session: not session.names)


@pytest.fixture
def join(root: tkinter.Tk) -> Join:
    def join(session: ServerSession, **options: Any) -> Log:
        log = Log()
        log.ws = tkws.open(session.server.url, log, master=root, **options)
        return log

    return join


def heard(log: Log) -> list[Any]:
    return [message for type, message in log.events if type in ("text", "binary")]


# The place in a recording, by a clock of the test's own


def test_a_head_waits_the_recorded_distances_times_the_speed() -> None:
    head = Head(THREE, 100.0)
    assert head.delay(100.0, 10.0) == 0.0
    assert head.take() == Cue(0.0, "a")
    assert head.delay(100.0, 1.0) == 2.0
    assert head.delay(100.0, 10.0) == pytest.approx(0.2)
    assert head.delay(100.15, 10.0) == pytest.approx(0.05)
    head.take()
    assert head.delay(100.2, 10.0) == pytest.approx(0.4), (
        "from the first message, so that no lateness adds up"
    )


def test_a_head_that_is_held_stays_where_it_is() -> None:
    head = Head(THREE, 0.0)
    head.take()
    head.hold(1.5, 1.0)
    assert head.held
    assert head.delay(50.0, 1.0) == 0.5
    head.hold(50.0, 1.0)  # once more is no more
    head.release(60.0)
    head.release(61.0)
    assert not head.held
    assert head.delay(60.25, 1.0) == 0.25


def test_a_head_never_passes_a_message_that_was_not_taken() -> None:
    head = Head(THREE, 0.0)
    head.take()
    head.hold(1000.0, 1.0)
    head.release(1000.0)
    assert head.delay(1000.0, 1.0) == 0.0
    head.take()
    assert head.delay(1000.0, 1.0) == 4.0


def test_a_head_without_pauses_is_always_due() -> None:
    head = Head(THREE, 0.0)
    for now in (0.0, 0.0, 0.1):
        assert head.delay(now, math.inf) <= 0.0
        head.take()
    head.hold(0.1, math.inf)
    head.release(0.1)
    assert head.delay(0.1, math.inf) <= 0.0


def test_a_round_begins_an_average_distance_after_the_last_message() -> None:
    head = Head(THREE, 0.0)
    while not head.at_end:
        head.take()
    assert head.delay(6.0, 1.0) == 3.0
    head.begin_again()
    assert head.rounds == 1
    assert head.delay(9.0, 1.0) == 0.0
    head.take()
    assert head.delay(9.0, 1.0) == 2.0


# To clients


def test_each_client_hears_all_from_the_beginning(serve: Serve, join: Join, pump_until: Any) -> None:
    session = serve(speed=math.inf)
    one = join(session)
    pump_until(lambda: heard(one) == ["a", b"\1", "c"])
    other = join(session)
    pump_until(lambda: heard(other) == ["a", b"\1", "c"])
    assert heard(one) == ["a", b"\1", "c"]
    sent = [(row.peer, row.payload) for row in session.log.rows if row.direction is Direction.OUT]
    assert sent == [("#1", "a"), ("#1", b"\1"), ("#1", "c"), ("#2", "a"), ("#2", b"\1"), ("#2", "c")]
    notes = [(row.peer, row.payload) for row in session.log.rows if row.type == "play"]
    assert notes == [
        ("", "Playing three, 3 messages, to each client"),
        ("#1", "three has been played"),
        ("#2", "three has been played"),
    ]


def test_messages_keep_their_distances(serve: Serve, join: Join, pump_until: Any) -> None:
    session = serve(speed=50.0)
    log = join(session)
    pump_until(lambda: len(heard(log)) == 3)
    first, second, third = [row.time for row in session.log.rows if row.direction is Direction.OUT]
    assert second - first > 0.03  # no less than 2 s / 50, but for the resolution of two clocks
    assert third - first > 0.11


def test_a_client_that_writes_gets_no_answer_in_silent_mode(
    serve: Serve, join: Join, pump_until: Any
) -> None:
    session = serve(speed=1e-6)
    log = join(session)
    pump_until(lambda: heard(log) == ["a"])
    assert log.ws is not None
    log.ws.send("hello")
    log.ws.close()
    pump_until(lambda: log.over and not session.names)
    assert heard(log) == ["a"]
    assert ("#1", "hello") in [(row.peer, row.payload) for row in session.log.rows]


def test_it_is_played_again_and_again(serve: Serve, join: Join, pump_until: Any) -> None:
    session = serve(speed=1e5, repeats=True)
    log = join(session)
    pump_until(lambda: heard(log)[:7] == ["a", b"\1", "c", "a", b"\1", "c", "a"])
    assert session.playback is not None
    session.playback.repeats = False
    pump_until(lambda: session.log.rows[-1].payload == "three has been played")
    count = len(heard(log))
    session.playback.repeats = True
    pump_until(lambda: len(heard(log)) > count + 3)


def test_one_message_without_pauses_is_repeated_as_fast_as_the_client_reads(
    serve: Serve, join: Join, pump_until: Any
) -> None:
    session = serve(Recording("one", [Cue(0.0, "x" * 50_000)]), speed=math.inf, repeats=True)
    log = join(session, compression=False)
    pump_until(lambda: heard(log))
    assert log.ws is not None
    log.ws.pause()
    (ws,) = session.names
    assert session.playback is not None
    head = session.playback.head_of(ws)
    assert head is not None
    pump_until(lambda: head.held)
    assert ws.buffered_amount <= ws.cget("high_water") + 60_000, "it waits for the client"
    log.ws.resume()
    count = head.rounds
    pump_until(lambda: head.rounds > count + 100)


def test_a_pause_holds_every_client(serve: Serve, join: Join, pump_until: Any) -> None:
    session = serve(speed=0.001)
    playback = session.playback
    assert playback is not None
    log = join(session)
    pump_until(lambda: heard(log) == ["a"])
    playback.pause()
    assert playback.paused
    playback.speed = math.inf
    late = join(session)
    pump_until(lambda: late.open and len(session.names) == 2)
    late_ws, early_ws = sorted(session.names, key=lambda ws: session.names[ws], reverse=True)
    heads = [playback.head_of(ws) for ws in (early_ws, late_ws)]
    assert [head.index for head in heads if head is not None] == [1, 0]
    playback.resume()
    pump_until(lambda: heard(log) == ["a", b"\1", "c"] == heard(late))
    playback.restart()
    pump_until(lambda: heard(log) == ["a", b"\1", "c"] * 2 == heard(late))


def test_a_recording_can_be_chosen_while_clients_are_connected(
    serve: Serve, join: Join, pump_until: Any
) -> None:
    session = serve(None)
    log = join(session)
    pump_until(lambda: log.open and session.names)
    session.play(THREE, speed=math.inf)
    pump_until(lambda: heard(log) == ["a", b"\1", "c"])
    session.play(Recording("other", [Cue(0.0, "z")]))
    pump_until(lambda: heard(log)[3:] == ["z"])
    session.stop_playing()
    assert session.playback is None


# From the command line


def write(path: Path, *texts: str) -> Path:
    lines = [
        json.dumps({"time": 1000.0 + number, "direction": "in", "type": "text", "text": text})
        for number, text in enumerate(texts)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_program_plays_a_file(start: Start, pump_until: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "feed.jsonl", "one", "two")
    server = start("serve", "--port", "0", "--no-gui", "--play", str(path), "--speed", "100", "--loop")
    pump_until(lambda: server.said("Listening at ") and server.said("Playing feed.jsonl"), timeout=PATIENCE)
    client = start(server.err.decode().split()[2], "--expect", "two", "--count", "3", "--within", "inf")
    pump_until(lambda: client.over, timeout=PATIENCE)
    assert client.result[0] == 0
    assert client.result[1].split()[:5] == ["one", "two", "one", "two", "one"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--play", "{}/nowhere.jsonl"], "--play: {}/nowhere.jsonl: No such file or directory"),
        (["--play", "{}"], "--play: {}: Is a directory"),
        (["--play", "{}/bad.jsonl"], "--play: bad.jsonl, line 2: Expecting value"),
        (["--play", "{}/feed.jsonl", "--speed", "-1"], "--speed: a number of 0 or more, not '-1'"),
        (["--play", "{}/feed.jsonl", "--speed", "nan"], "--speed: a number of 0 or more, not 'nan'"),
        (["--speed", "2"], "--speed: give --play too"),
        (["--loop"], "--loop: give --play too"),
    ],
)
def test_what_cannot_be_played_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], words: str
) -> None:
    good = write(tmp_path / "feed.jsonl", "one").read_text(encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text(f"{good}\nfeed", encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["serve", "--port", "0", "--no-gui", *(option.format(tmp_path) for option in options)])
    assert end.value.code == 2
    assert words.format(tmp_path) in capsys.readouterr().err
