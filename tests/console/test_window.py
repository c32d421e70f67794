"""The console's window: what is typed, clicked and chosen does what it says."""

from __future__ import annotations

import json
import ssl
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import messagebox

import pytest

import tkws
from tests import guards
from tests.console.conftest import Echo, is_over
from tests.windows import cut_off, descendants, of_other_colours, tab_order
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.log.log import Direction
from tkws.console.log.view import Filter
from tkws.console.look import DARK, LIGHT, Palette, theme_of
from tkws.console.memory import settings as storage
from tkws.console.run import run_window
from tkws.console.send.history import Entry
from tkws.console.send.sendbox import SendBox
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def shown(console: Console) -> list[str | bytes]:
    console.conversation.refresh()
    return [row.payload for row in console.conversation.view.rows if row.direction is not Direction.NOTE]


def type_in(console: Console, text: str, kind: str = "Text") -> None:
    console.sendbox.kind.set(kind)
    console.sendbox.text.insert("1.0", text)
    console.sendbox.submit()


# ---- connecting


def test_an_address_is_typed_and_connected_to(console: Console, echo: Echo, pump_until: PumpUntil) -> None:
    console.address.entry.insert(0, echo.url.removeprefix("ws://"))
    console.address.options.protocols.insert(0, "chat")
    console.address.options.headers.insert("1.0", "X-One: 1\n")
    console.address.options.proxy.set("none")
    console.address.button.invoke()
    assert str(console.address.button.cget("text")) == "Cancel"
    pump_until(lambda: console.session.opened)
    assert str(console.address.button.cget("text")) == "Disconnect"
    assert console.root.title() == f"{echo.url} - tkws console"
    [ws] = echo.server.connections
    assert ws.request is not None
    assert (ws.protocol, ws.request.headers["X-One"]) == ("chat", "1")
    assert "X-One: 1\n" in console.side.handshake
    assert "HTTP/1.1 101 Switching Protocols\n" in console.side.handshake
    assert console.settings.addresses == [echo.url]
    console.address.button.invoke()
    pump_until(lambda: is_over(console))
    assert str(console.address.button.cget("text")) == "Connect"
    assert console.root.title() == "tkws console"


def test_what_is_wrong_is_said(console: Console, pump_until: PumpUntil) -> None:
    console.connect()
    assert console.banner.text.startswith("Type an address first")
    console.address.show(Target(url="ftp://host/"))
    console.connect()
    assert "ftp" in console.banner.text
    console.address.show(Target(url="ws://host/"))
    console.address.options.headers.insert("1.0", "nonsense")
    console.connect()
    assert console.banner.text.startswith("Header 1: ")
    console.address.show(Target(url="ws://host/"))
    console.address.options.ping_interval.insert(0, "x")
    console.connect()
    assert console.banner.text.startswith("Ping interval: seconds of 0 or more, at most 1e+09, not 'x")
    type_in(console, "hello")
    assert console.banner.text == "Not connected."
    console.connect_to(Target(url="ws://127.0.0.1:1/", proxy=NO_PROXY))
    pump_until(lambda: console.banner.text == "Nothing listens at 127.0.0.1:1.")
    console.banner.hide()
    assert not console.banner.winfo_ismapped()


def test_connecting_again_takes_the_place_of_the_connection(
    connected: Console, echo: Echo, pump_until: PumpUntil
) -> None:
    first = connected.session.ws
    connected.connect()
    pump_until(lambda: connected.session.is_open and len(echo.server.connections) == 1)
    assert connected.session.ws is not first
    assert connected.banner.text == ""


def test_return_in_the_address_connects_whatever_there_is(
    connected: Console, echo: Echo, pump_until: PumpUntil
) -> None:
    first = connected.session.ws
    connected.root.update()
    connected.address.entry.focus_force()
    connected.address.entry.event_generate("<Return>")
    pump_until(lambda: connected.session.is_open and connected.session.ws is not first)
    pump_until(lambda: len(echo.server.connections) == 1)


def test_what_is_typed_after_connecting_is_to_be_sent(connected: Console) -> None:
    assert connected.root.focus_lastfor() is connected.sendbox.text


@pytest.mark.parametrize(
    ("key", "name", "text"),
    [("<Control-l>", "address", "ws://host/"), ("<Control-f>", "filter", "apple")],
)
def test_a_key_that_goes_to_a_field_selects_what_is_there(
    console: Console, key: str, name: str, text: str
) -> None:
    entry = console.address.entry if name == "address" else console.conversation.filter.text
    entry.insert(0, text)
    console.sendbox.text.focus_force()
    console.root.update()
    console.sendbox.text.event_generate(key)
    console.root.update()
    assert console.root.focus_lastfor() is entry
    assert entry.selection_get() == text
    entry.insert("insert", "!")
    assert entry.get() == f"{text}!", "the cursor is at the end"


def test_an_end_that_is_not_in_order_is_said(connected: Console, pump_until: PumpUntil) -> None:
    type_in(connected, "close")
    pump_until(lambda: is_over(connected))
    assert connected.banner.text == "The connection was closed: 4001 as you like"


def test_a_warning_stands_where_nothing_is_verified(console: Console) -> None:
    console.address.toggle_options()
    console.root.update()
    warning = console.address.options._warning
    assert not warning.winfo_ismapped()
    console.address.show(Target(url="wss://host/", verify=False))
    console.root.update()
    assert warning.winfo_ismapped()
    assert console.address.target().verify is False
    console.address.toggle_options()
    assert not console.address.options_shown


def test_a_connection_to_an_unverified_server_is_marked(
    console: Console, server_ssl: ssl.SSLContext, pump_until: PumpUntil
) -> None:
    server = tkws.serve(master=console.root, ssl=server_ssl, handler=lambda *_: None)
    warning = console.side._warning
    console.connect_to(Target(url=server.url, proxy=NO_PROXY, verify=False))
    pump_until(lambda: console.session.opened)
    console.root.update()
    assert warning.winfo_ismapped()
    console.session.disconnect()
    pump_until(lambda: is_over(console))
    console.side.refresh()
    console.root.update()
    assert not warning.winfo_ismapped()
    server.close()
    pump_until(lambda: not server.connections)


def test_the_options_are_those_of_the_address_that_is_chosen(console: Console) -> None:
    target = Target(
        url="wss://a/",
        protocols=("x", "y"),
        headers=(("A", "1"), ("Authorization", "secret")),
        proxy=NO_PROXY,
    )
    console.settings.remember(target)
    console.address.update_history()
    console.address.entry.set("wss://a/")
    console.address.entry.event_generate("<<ComboboxSelected>>")
    console.root.update()
    assert console.address.target() == Target(
        url="wss://a/", protocols=("x", "y"), headers=(("A", "1"),), proxy=NO_PROXY
    )


# ---- talking


def test_text_bytes_and_pings_are_sent(connected: Console, echo: Echo, pump_until: PumpUntil) -> None:
    type_in(connected, "hello")
    type_in(connected, "00 ff", "Hex")
    type_in(connected, "AQI=", "Base64")
    pump_until(lambda: len(echo.heard) == 3)
    assert echo.heard == ["hello", b"\0\xff", b"\1\2"]
    type_in(connected, "are you there", "Ping")
    pump_until(lambda: any(row.type == "pong" for row in connected.log.rows))
    assert shown(connected).count(b"are you there") == 2
    assert connected.sendbox.text.get("1.0", "end-1c") == ""


def test_what_makes_no_sense_is_not_sent(connected: Console) -> None:
    type_in(connected, "xyz", "Hex")
    assert connected.banner.text.startswith("Not hex")
    assert connected.sendbox.text.get("1.0", "end-1c") == "xyz"
    connected.sendbox.text.delete("1.0", "end")
    type_in(connected, "x" * 126, "Ping")
    assert connected.banner.text == "A ping has at most 125 bytes, not 126"
    connected.sendbox.text.delete("1.0", "end")


def test_the_box_remembers_what_was_sent(connected: Console) -> None:
    box = connected.sendbox
    for text, kind in (("one", "Text"), ("02", "Hex"), ("02", "Hex")):
        type_in(connected, text, kind)
    box.step_history(-1)
    assert (box.text.get("1.0", "end-1c"), box.kind.get()) == ("02", "Hex")
    box.step_history(-5)
    assert (box.text.get("1.0", "end-1c"), box.kind.get()) == ("one", "Text")
    box.step_history(5)
    assert box.text.get("1.0", "end-1c") == ""


@pytest.mark.parametrize(("system", "key"), [("x11", "Control"), ("aqua", "Command")])
def test_it_goes_through_them_with_the_key_of_the_system(display_root: tk.Tk, system: str, key: str) -> None:
    display_root.tk.eval("rename tk tk_of_x11")
    display_root.tk.eval(f"proc tk {{what args}} {{ if {{$what eq {{windowingsystem}}}} {{return {system}}}; "
                         "uplevel [list tk_of_x11 $what {*}$args] }")  # fmt: skip
    box = SendBox(display_root, lambda *_: True, None, lambda *_: None)
    box.pack()
    for text in ("one", "two"):
        box.text.insert("1.0", text)
        box.submit()
    box.text.focus_force()
    display_root.update()
    for _ in range(2):
        box.text.event_generate(f"<{key}-Up>")
    assert box.text.get("1.0", "end-1c") == "one"
    box.text.event_generate(f"<{key}-Down>")
    assert box.text.get("1.0", "end-1c") == "two"


def test_a_file_is_sent_bit_by_bit(
    connected: Console, echo: Echo, pump_until: PumpUntil, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(bytes(range(256)) * 4000)
    connected.sending.send_file(path)
    with pytest.raises(tkws.StateError, match="A file is being sent"):
        connected.session.send("in between")
    shares: list[float] = []
    upload = connected.session.upload
    assert upload is not None

    def over() -> bool:
        shares.append(upload.sent / 1_024_000)
        return upload.done

    pump_until(over)
    assert [0 <= share <= 1 for share in shares] == [True] * len(shares)
    pump_until(lambda: echo.heard)
    assert echo.heard == [path.read_bytes()]
    pump_until(lambda: connected.session.upload is None)


def test_an_empty_file_is_an_empty_message(
    connected: Console, echo: Echo, pump_until: PumpUntil, tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    connected.sending.send_file(tmp_path / "empty")
    pump_until(lambda: echo.heard)
    assert echo.heard == [b""]


def test_a_file_that_does_not_get_through_is_told(
    connected: Console, pump_until: PumpUntil, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(bytes(20_000_000))
    connected.sending.send_file(path)
    connected.session.disconnect()
    pump_until(lambda: is_over(connected))
    assert connected.session.upload is None
    [told] = [row.payload for row in connected.log.rows if row.type == "error"]
    assert str(told).startswith("file.bin: ")
    connected.sending.send_file(path)
    assert connected.banner.text == "Not connected"
    connected.sending.send_file(tmp_path / "nothing")


def test_the_latency_is_measured(console: Console, echo: Echo, pump_until: PumpUntil) -> None:
    console.connect_to(Target(url=echo.url, proxy=NO_PROXY, ping_interval=0.01))
    pump_until(lambda: len(console.session.latencies) >= 3)
    console.side.refresh()
    assert console.side.graph.itemcget(console.side.graph._newest, "text").endswith(" ms")
    assert not [row for row in console.log.rows if row.type in ("ping", "pong")]


def test_the_server_can_be_made_to_wait(connected: Console, echo: Echo, pump_until: PumpUntil) -> None:
    connected.toggle_reading()
    connected.send("message", "one")
    pump_until(lambda: echo.heard)
    connected.root.update()
    assert shown(connected) == ["one"]
    connected.toggle_reading()
    pump_until(lambda: shown(connected) == ["one", "one"])


# ---- the conversation


def test_the_filter_hides_rows(connected: Console, pump_until: PumpUntil) -> None:
    for text in ("apple", "pear", "pineapple"):
        type_in(connected, text)
    pump_until(lambda: len(shown(connected)) == 6)
    bar = connected.conversation.filter
    bar.text.insert(0, "APPLE")
    pump_until(lambda: shown(connected) == ["apple", "pineapple"] * 2)
    bar._direction.set("Received")
    bar._direction.event_generate("<<ComboboxSelected>>")
    pump_until(lambda: shown(connected) == ["apple", "pineapple"])
    assert "2 of 8 rows" in str(connected._counts.cget("text"))
    bar.clear()
    pump_until(lambda: len(shown(connected)) == 6)
    assert bar.filter == Filter()


def test_a_pause_keeps_what_comes_for_later(connected: Console, pump_until: PumpUntil) -> None:
    connected.conversation.toggle_pause()
    type_in(connected, "one")
    pump_until(lambda: connected.log.rows[-1].direction is Direction.IN)
    assert shown(connected) == []
    assert "paused, " in str(connected._counts.cget("text"))
    connected.conversation.toggle_pause()
    assert shown(connected) == ["one", "one"]


def test_a_row_is_shown_in_full(connected: Console) -> None:
    type_in(connected, '{"a": [1, 2]}')
    type_in(connected, "00ff", "Hex")
    connected.conversation.refresh()
    sent = [row.number for row in connected.log.rows if row.direction is Direction.OUT]
    detail, table = connected.conversation.detail, connected.conversation.table
    table.select(sent[0])
    assert detail.text == '{\n  "a": [\n    1,\n    2\n  ]\n}'
    detail._mode.set("Text")
    detail._show()
    assert detail.text == '{"a": [1, 2]}'
    detail._mode.set("Hex")
    detail._show()
    assert detail.text.startswith("00000000  7b 22 61 22")
    table.select(sent[1])
    assert detail.text.startswith("00000000  00 ff")


def test_rows_are_copied_and_sent_again(
    connected: Console, echo: Echo, pump_until: PumpUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messagebox, "askokcancel", lambda *_, **__: True)
    type_in(connected, "one")
    type_in(connected, "00ff", "Hex")
    pump_until(lambda: len(shown(connected)) == 4)
    connected.conversation.table.select_all()
    connected.conversation.copy()
    assert connected.clipboard_get().splitlines()[2:] == ["one", "00 ff", "one", "00 ff"]
    echo.heard.clear()
    connected.send_again()
    pump_until(lambda: len(echo.heard) == 4)
    assert echo.heard == ["one", b"\0\xff"] * 2


def test_a_click_with_the_other_button_opens_a_menu_for_what_is_below(
    connected: Console, echo: Echo, pump_until: PumpUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tk.Menu] = []
    monkeypatch.setattr(tk.Menu, "tk_popup", lambda menu, x, y: opened.append(menu))
    type_in(connected, "apple")
    pump_until(lambda: "apple" in shown(connected) and echo.heard == ["apple"])
    connected.root.update()
    table = connected.conversation.table
    row = next(row for row in connected.log.rows if row.type == "text")
    place = next(y for y in range(500) if table.row_at(y) is row)
    table._canvas.event_generate("<Button-3>", x=5, y=place)
    assert table.current is row
    [menu] = opened
    menu.tk.eval(str(menu.cget("postcommand")))  # as opening it does
    menu.invoke(1)
    assert connected.sendbox.entry == Entry("Text", "apple")


def test_clearing_leaves_nothing(connected: Console) -> None:
    type_in(connected, "one")
    connected.conversation.refresh()
    connected.conversation.clear()
    assert shown(connected) == []
    assert connected.conversation.detail.row is None


def test_a_conversation_is_saved_opened_and_replayed(
    connected: Console, echo: Echo, pump_until: PumpUntil, tmp_path: Path
) -> None:
    path = tmp_path / "talk.jsonl"
    for text in ("one", "two"):
        type_in(connected, text)
    pump_until(lambda: len(shown(connected)) == 4)
    connected.files.save(path)
    pump_until(path.exists)
    said = [json.loads(line).get("text") for line in path.read_text(encoding="utf-8").splitlines()]
    assert said[2:] == ["one", "two", "one", "two"]
    pump_until(lambda: str(connected._done.cget("text")) == "Saved 6 rows in talk.jsonl")
    connected.conversation.clear()
    connected.files.open(path)
    pump_until(lambda: shown(connected) == ["one", "two", "one", "two"])
    echo.heard.clear()
    connected.sending.replay_file(path)
    pump_until(lambda: echo.heard == ["one", "two"])
    connected.sending.replay_log()
    pump_until(lambda: len(echo.heard) == 6 and connected.sending.replay is None)


def test_only_what_is_shown_is_saved(connected: Console, pump_until: PumpUntil, tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    type_in(connected, "one")
    connected.conversation.view.filter = Filter(text="one", directions=frozenset((Direction.OUT,)))
    connected.conversation.refresh()
    connected.files.save(path, shown_only=True)
    pump_until(path.exists)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1


def test_a_file_that_cannot_be_read_or_written_is_told(
    connected: Console, pump_until: PumpUntil, tmp_path: Path
) -> None:
    connected.files.save(tmp_path / "nowhere" / "talk.jsonl")
    assert "nowhere" in connected.banner.text
    (tmp_path / "bad.jsonl").write_text("nonsense\n", encoding="utf-8")
    connected.banner.hide()
    connected.files.open(tmp_path / "bad.jsonl")
    assert connected.banner.text.startswith("bad.jsonl, line 1")
    connected.banner.hide()
    connected.sending.replay_file(tmp_path / "bad.jsonl")
    assert connected.banner.text.startswith("bad.jsonl, line 1")
    (tmp_path / "empty.jsonl").touch()
    connected.sending.replay_file(tmp_path / "empty.jsonl")
    assert connected.banner.text == "There are no sent messages to replay."


def test_a_replay_can_be_stopped_and_ends_with_the_connection(
    connected: Console, pump_until: PumpUntil
) -> None:
    connected.log.add(Direction.OUT, "text", "early", when=1.0)
    connected.log.add(Direction.OUT, "text", "late", when=100.0)
    connected.sending.replay_log()
    assert connected.sending.replay is not None
    connected.sending.stop_replay()
    assert connected.sending.replay is None
    assert connected._done.cget("text") == "Stopped after 1 of 2 messages"
    connected.session.disconnect()
    pump_until(lambda: is_over(connected))
    connected.sending.replay_log()
    assert connected.banner.text.startswith("Connect first")


# ---- how it looks


def test_panes_come_and_go(console: Console) -> None:
    for toggle, pane in (
        (console.toggle_side, console.side),
        (console.toggle_detail, console.conversation.detail),
    ):
        console.root.update()
        assert pane.winfo_ismapped()
        toggle()
        console.root.update()
        assert not pane.winfo_ismapped()
        toggle()
        console.root.update()
        assert pane.winfo_ismapped()


def test_the_panes_give_way_in_a_small_window(console: Console) -> None:
    root, panes = console.root, (console.side, console.conversation.detail)
    assert isinstance(root, tk.Tk)

    def shown_at(size: str) -> list[bool]:
        root.geometry(size)
        root.update()
        return [bool(pane.winfo_ismapped()) for pane in panes]

    assert shown_at("480x320") == [False, False]
    assert not cut_off(root)
    console.toggle_side()
    root.update()
    assert console.side.winfo_ismapped(), "asked for, it comes where there is little room too"
    assert shown_at("1080x400") == [True, False]
    assert shown_at("1080x720") == [True, True]


def test_a_drop_down_list_that_was_open_follows_the_theme(console: Console) -> None:
    box = console.sendbox.kind
    console.root.tk.call("ttk::combobox::PopdownWindow", box)
    console.toggle_theme()
    assert str(console.root.tk.call(f"{box}.popdown.f.l", "cget", "-background")) == DARK.surface


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_nothing_is_of_another_colour_than_the_palette(console: Console, palette: Palette) -> None:
    console.address.toggle_options()
    if palette is DARK:
        console.toggle_theme()
    console.banner.show("A sentence")
    console.root.update()
    assert not of_other_colours(console.root, palette)


@pytest.mark.parametrize("dpi", [96, 192])
def test_nothing_is_cut_off(display_root: tk.Tk, scale: Callable[[float], None], dpi: float) -> None:
    scale(dpi)
    for name in display_root.tk.splitlist(display_root.tk.call("font", "names")):
        display_root.tk.call("font", "configure", name, "-size", 9)  # in points, which follow the scaling
    console = Console(display_root, storage.Settings(), None)
    try:
        display_root.geometry("")
        display_root.minsize(1, 1)
        console.address.toggle_options()
        display_root.update()
        assert not cut_off(console)
    finally:
        console.destroy()


def test_tab_leads_through_everything_in_reading_order(connected: Console) -> None:
    connected.root.update()
    names = {
        connected.address.entry: "address",
        connected.address.button: "connect",
        connected.conversation.filter.text: "filter",
        connected.conversation.table._canvas: "table",
        connected.sendbox.kind: "kind",
        connected.sendbox.text: "text",
        connected.sendbox._button: "send",
        connected.side._handshake: "handshake",
    }
    order = [names[widget] for widget in tab_order(connected.address.entry) if widget in names]
    assert order == ["address", "connect", "filter", "table", "kind", "text", "send", "handshake"]


def test_keys_of_the_menus_are_each_bound_once(console: Console) -> None:
    bar = console.root.nametowidget(console.root.cget("menu"))
    keys = [
        str(menu.entrycget(entry, "accelerator")).strip()
        for menu in descendants(bar)
        if isinstance(menu, tk.Menu)
        for entry in range((menu.index("end") or 0) + 1)
        if menu.type(entry) == "command"
    ]
    keys = [key for key in keys if key]
    assert len(keys) == len(set(keys)) > 20


# ---- its end


def test_an_address_is_stored_as_soon_as_it_has_opened_and_not_before(
    display_root: tk.Tk, echo: Echo, pump_until: PumpUntil, tmp_path: Path
) -> None:
    path = tmp_path / "console.json"
    console = Console(display_root, storage.Settings(), path)
    try:
        console.connect_to(Target(url="ws://127.0.0.1:1/", proxy=NO_PROXY))
        pump_until(lambda: console.banner.text)
        assert console.settings.addresses == []
        console.connect_to(Target(url=echo.url, proxy=NO_PROXY))
        pump_until(lambda: console.session.is_open)
        assert storage.load(path).addresses == [echo.url]
        assert [*console.address.entry.cget("values")] == [echo.url]
    finally:
        console.session.disconnect()
        pump_until(lambda: console.session.state is tkws.State.CLOSED)
        console.destroy()


def test_closing_stores_what_is_remembered(
    display_root: tk.Tk, echo: Echo, pump_until: PumpUntil, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "console.json"
    root = tk.Tk()
    console = Console(root, storage.Settings(), path)
    console.connect_to(Target(url=echo.url, proxy=NO_PROXY, headers=(("Authorization", "Bearer x"),)))
    pump_until(lambda: console.session.opened)
    console.settings.theme = "dark"
    console.close()
    pump_until(lambda: not guards.exists(root) and not echo.server.connections)
    display_root.update()  # what the screen still tells of the window that has gone
    assert "Bearer" not in path.read_text(encoding="utf-8")
    assert storage.load(path).theme == "dark"
    assert storage.load(path).addresses == [echo.url]


def test_a_target_that_makes_no_sense_opens_no_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, display_root: tk.Tk
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    root = tk.Tk()
    with pytest.raises(ValueError, match="CR|control|line break|header"):
        run_window(root, Target(url="ws://host/", headers=(("A", "1\n2"),)))
    with pytest.raises(tk.TclError):
        root.winfo_exists()


def test_sizes_follow_the_screen(console: Console) -> None:
    px = theme_of(console).px
    assert (console.root.winfo_width(), console.root.winfo_height()) == (px(1080), px(720))
