"""The files: what is sent arrives whole, goes on after a break, is cancelled by either side, and is shown."""

from __future__ import annotations

import resource
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tkws
from demos.files.app import App
from demos.files.items import Item, State, in_bytes, in_seconds
from demos.files.messages import decode, encode, key_of, safe_name
from demos.files.receiver import Receiver
from demos.files.sender import Sender
from tests.peers import Log
from tests.windows import cut_off, of_other_colours
from tkws.console.look import DARK, LIGHT, theme_of
from tkws.testing import Link

PumpUntil = Callable[..., None]

MIB = 1024 * 1024
LARGE = 256 * MIB
SLOW = 4 * MIB  # bytes per second, so that there is time to cancel


def sparse(path: Path, size: int) -> Path:
    """A file that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "received"
    made.mkdir()
    return made


@pytest.fixture
def receive(root: tk.Tk, folder: Path, pump_until: PumpUntil) -> Iterator[Callable[..., Receiver]]:
    """``receive(limit)``: a receiver that writes into `folder`."""
    made: list[Receiver] = []

    def receive(limit: int | None = None, port: int = 0) -> Receiver:
        made.append(Receiver(root, folder, port=port, limit=limit))
        return made[-1]

    yield receive
    for receiver in made:
        receiver.close()
    pump_until(lambda: not any(receiver.server.connections for receiver in made))


@pytest.fixture
def send(root: tk.Tk, pump_until: PumpUntil) -> Iterator[Callable[[str], Sender]]:
    """``send(url)``: a sender that is connected to it."""
    made: list[Sender] = []

    def send(url: str) -> Sender:
        sender = Sender(url, root)
        made.append(sender)
        pump_until(lambda: not sender.problem)
        return sender

    yield send
    for sender in made:
        sender.close()
    pump_until(lambda: all(sender._ws.state is tkws.State.CLOSED for sender in made))


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*.part"))


def test_names_cannot_lead_out_of_the_folder() -> None:
    for given, name in (
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.txt", "a.txt"),
        (".bashrc", "bashrc"),
        ("a\nb?.txt", "a_b_.txt"),
        ("x" * 200 + ".jpeg", "x" * 100 + ".jpeg"),
    ):
        assert safe_name(given) == name
    for bad in ("", "..", "/", " . ", 5, None, "a\u202etxt.exe"):
        with pytest.raises(ValueError, match="name"):
            safe_name(bad)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"type": "offer"}',
        '{"type": 1, "key": "0123456789abcdef"}',
        '{"type": "offer", "key": "../../x"}',
        "[" * 3000,
    ],
)
def test_what_is_no_message_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_a_key_changes_with_the_file(tmp_path: Path) -> None:
    path = sparse(tmp_path / "a", 10)
    before = key_of(path)
    assert decode(encode("begin", key=before)) == {"type": "begin", "key": before}
    sparse(path, 11)
    assert key_of(path) != before


def test_the_figures_of_a_file() -> None:
    now = 0.0
    item = Item("a", 200 * MIB, "", clock=lambda: now)
    assert item.summary() == "200 MiB · waiting"
    item.begin(0)
    for _ in range(10):
        now += 1.0
        item.move_to(item.moved + 10 * MIB)
    assert item.summary() == "100 MiB of 200 MiB · 10.0 MiB/s · 10 s left"
    item.state = State.BROKEN
    assert item.summary() == "100 MiB of 200 MiB · goes on from there when the other side is back"
    assert [in_bytes(count) for count in (0, 999, 1000, 1.5 * MIB, 2 * 1024 * MIB)] == [
        "0 B", "999 B", "1.0 KiB", "1.5 MiB", "2.0 GiB",
    ]  # fmt: skip
    assert [in_seconds(time) for time in (0.1, 59, 600, 7200)] == ["1 s", "59 s", "10 min", "2.0 h"]


def test_files_arrive_whole_one_after_the_other(
    receive: Callable[..., Receiver], send: Callable[[str], Sender], pump_until: PumpUntil, tmp_path: Path,
    folder: Path,
) -> None:  # fmt: skip
    receiver = receive()
    sender = send(receiver.server.url)
    contents = {"a.bin": bytes(range(256)) * 5000, "empty": b"", "b.txt": b"b"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        sender.send(tmp_path / name)
    pump_until(lambda: all(item.state is State.DONE for item in sender.items.values()))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == contents
    sender.send(tmp_path / "b.txt")
    pump_until((folder / "b (2).txt").exists)
    assert [item.state for item in receiver.items.values()] == [State.DONE] * 3


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(
    receive: Callable[..., Receiver], send: Callable[[str], Sender], pump_until: PumpUntil, tmp_path: Path,
    folder: Path,
) -> None:  # fmt: skip
    receiver = receive()
    sender = send(receiver.server.url)
    sender.send(sparse(tmp_path / "warm", 16 * MIB))
    pump_until((folder / "warm").exists)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    item = sender.send(sparse(tmp_path / "large", LARGE))
    pump_until(lambda: item.state is State.DONE, timeout=100.0)
    assert (folder / "large").stat().st_size == LARGE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024, "KiB"


@pytest.mark.slow
@pytest.mark.parametrize("side", ["sender", "receiver"])
def test_either_side_cancels_and_the_sender_goes_on_where_it_was(
    receive: Callable[..., Receiver], send: Callable[[str], Sender], pump_until: PumpUntil, tmp_path: Path,
    folder: Path, side: str,
) -> None:  # fmt: skip
    receiver = receive(SLOW)
    sender = send(receiver.server.url)
    path = sparse(tmp_path / "large", 6 * MIB)
    with path.open("r+b") as file:
        file.write(b"head")
        file.seek(-4, 2)
        file.write(b"tail")
    item = sender.send(path)
    other = sender.send(sparse(tmp_path / "small", 10))
    pump_until(lambda: parts(folder) and parts(folder)[0].stat().st_size > MIB)
    if side == "sender":
        sender.stop(item)
    else:
        receiver.stop(receiver.items[item.key])
    pump_until(lambda: other.state is State.DONE)
    assert [item.state, receiver.items[item.key].state] == [State.STOPPED] * 2
    assert "stopped by the receiver" in item.reason if side == "receiver" else "cancelled here" in item.reason
    kept = parts(folder)[0].stat().st_size
    assert MIB < kept < 6 * MIB
    offsets: list[int] = []
    sender.on_change = lambda item: offsets.append(item.moved)
    assert sender.send(path) is item
    pump_until(lambda: item.state is State.DONE, timeout=60.0)
    assert min(offset for offset in offsets if offset) >= kept
    content = (folder / "large").read_bytes()
    assert (len(content), content[:4], content[-4:]) == (6 * MIB, b"head", b"tail")
    assert not parts(folder)


@pytest.mark.slow
def test_a_line_that_breaks_is_made_again_and_the_file_goes_on(
    receive: Callable[..., Receiver], send: Callable[[str], Sender], pump_until: PumpUntil, tmp_path: Path,
    folder: Path, root: tk.Tk,
) -> None:  # fmt: skip
    receiver = receive(SLOW)
    link = Link(receiver.server.url, master=root)
    sender = send(link.url)
    item = sender.send(sparse(tmp_path / "large", 3 * MIB))
    pump_until(lambda: parts(folder) and parts(folder)[0].stat().st_size > MIB)
    link.cut()
    pump_until(lambda: item.state is State.BROKEN and sender.problem)
    sender.reconnect()
    pump_until(lambda: item.state is State.DONE, timeout=60.0)
    link.close()
    assert (folder / "large").stat().st_size == 3 * MIB


@pytest.mark.slow
def test_a_sender_that_comes_back_before_the_break_is_known_takes_over(
    receive: Callable[..., Receiver], send: Callable[[str], Sender], pump_until: PumpUntil, tmp_path: Path,
    folder: Path, root: tk.Tk,
) -> None:  # fmt: skip
    receiver = receive(SLOW)
    link = Link(receiver.server.url, master=root)
    first, second = send(link.url), send(receiver.server.url)
    path = sparse(tmp_path / "large", 12 * MIB)
    first.send(path)
    pump_until(lambda: parts(folder))
    link.stall()
    item = second.send(path)
    pump_until(lambda: item.state is State.DONE, timeout=60.0)
    link.close()
    assert [(each.name, each.stat().st_size) for each in folder.iterdir()] == [("large", 12 * MIB)]


def test_what_was_changed_meanwhile_or_cannot_be_read_is_not_sent(
    receive: Callable[..., Receiver], send: Callable[[str], Sender], pump_until: PumpUntil, tmp_path: Path,
    folder: Path,
) -> None:  # fmt: skip
    sender = send(receive().server.url)
    with pytest.raises(OSError, match="directory"):
        sender.send(tmp_path)
    item = sender.send(sparse(tmp_path / "a", 5))
    sparse(tmp_path / "a", 6)
    pump_until(lambda: item.state is State.STOPPED)
    assert item.reason == "the file has changed"
    assert not list(folder.iterdir())


def test_a_full_disk_is_told_before_it_begins(
    receive: Callable[..., Receiver], send: Callable[[str], Sender], pump_until: PumpUntil, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sender = send(receive().server.url)
    monkeypatch.setattr("demos.files.receiver._SPARE", 1 << 60)
    item = sender.send(sparse(tmp_path / "a", 5))
    pump_until(lambda: item.state is State.STOPPED)
    assert item.reason == "the receiver's disk is full"


def test_a_folder_that_cannot_be_written_is_told_and_the_next_file_is_tried(
    receive: Callable[..., Receiver], send: Callable[[str], Sender], pump_until: PumpUntil, tmp_path: Path,
    folder: Path,
) -> None:  # fmt: skip
    sender = send(receive().server.url)
    path = sparse(tmp_path / "a", 5)
    (folder / f".{key_of(path)}.part").mkdir()
    item, other = sender.send(path), sender.send(sparse(tmp_path / "b", 5))
    pump_until(lambda: other.state is State.DONE)
    assert item.reason.startswith("the receiver cannot write: ")


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        '{"type": "offer", "key": "0123456789abcdef", "name": "..", "size": 1}',
        '{"type": "offer", "key": "0123456789abcdef", "name": "a", "size": -1}',
        '{"type": "begin", "key": "0123456789abcdef"}',
    ],
)
def test_a_sender_that_says_nonsense_is_closed(
    receive: Callable[..., Receiver], root: tk.Tk, pump_until: PumpUntil, text: str
) -> None:
    log = Log()
    ws = tkws.open(receive().server.url, log, master=root)
    pump_until(lambda: "connect" in log.types)
    ws.send(text)
    pump_until(lambda: "disconnect" in log.types)
    assert ws.close_code == tkws.CloseCode.POLICY_VIOLATION


# In windows


@pytest.fixture
def app(display_root: tk.Tk, folder: Path, pump_until: PumpUntil) -> Iterator[App]:
    made = App(display_root, Receiver(display_root, folder, limit=SLOW), 65536)
    pump_until(lambda: "Connected" in made.send.status["text"])
    yield made
    made.close()
    display_root.update()
    display_root.destroy()
    pump_until(lambda: not tkws.find())


@pytest.mark.slow
def test_a_file_is_pasted_cancelled_and_goes_on_in_both_windows(
    app: App, pump_until: PumpUntil, tmp_path: Path
) -> None:
    path = sparse(tmp_path / "a file.bin", 3 * MIB)
    app.send.clipboard_clear()
    app.send.clipboard_append(f"{path.as_uri()}\nnothing of the kind\n")
    app.send.paste()
    (key,) = app.send.rows
    sending = app.send.rows[key]
    pump_until(lambda: key in app.receive.rows and "/s" in sending.figures["text"])
    assert sending.button["text"] == app.receive.rows[key].button["text"] == "Cancel"
    sending.button.invoke()
    assert "cancelled here" in sending.figures["text"]
    pump_until(lambda: "cancelled by the sender" in app.receive.rows[key].figures["text"])
    assert sending.button["text"] == "Go on"
    sending.button.invoke()
    pump_until(lambda: "complete" in app.receive.rows[key].figures["text"], timeout=60.0)
    pump_until(lambda: sending.figures["text"] == "3.0 MiB · complete")
    assert not sending.button.winfo_ismapped()


@pytest.mark.slow
def test_a_receiver_that_goes_is_told_with_the_time_of_the_next_attempt(
    app: App, pump_until: PumpUntil, tmp_path: Path
) -> None:
    app.receiver.close()
    pump_until(lambda: "Next attempt in" in app.send.status["text"])
    app.send.send_files([tmp_path / "missing"])
    assert app.send.status["text"] == " missing: No such file or directory"


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_off_or_of_another_colour(
    display_root: tk.Tk, folder: Path, tmp_path: Path, pump_until: PumpUntil, theme: str
) -> None:
    theme_of(display_root).use(theme)
    app = App(display_root, Receiver(display_root, folder, limit=SLOW), 65536)
    app.send.send_files(sparse(tmp_path / str(number), 100_000) for number in range(12))
    pump_until(lambda: len(app.send.rows) == 12 and app.receive.rows)
    for window in (display_root, app.send.winfo_toplevel()):
        window.geometry("{}x{}".format(*window.minsize()))
        window.update()
        assert not [each for each in cut_off(window) if each.winfo_y() >= 0 and "canvas" not in str(each)]
    assert not of_other_colours(display_root, DARK if theme == "dark" else LIGHT)
    app.close()
    display_root.update()
    display_root.destroy()
    pump_until(lambda: not tkws.find())
