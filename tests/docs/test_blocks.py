"""The blocks of Python that `test_examples` leaves out are listed here, with the reason."""

from __future__ import annotations

import ast
import tkinter
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import tkws
from tests.docs.blocks import BLOCK

REPOSITORY = Path(__file__).parents[2]

# How many blocks of ``python notest`` a page has, and where they are run, or why nowhere.
LEFT_OUT = {
    "README.md": (2, "below"),
    "docs/cookbook.md": (1, "test_cookbook"),
    "docs/howto/access.md": (1, "needs a socket of systemd's; its argument is tested in tests/commands"),
    "docs/howto/asyncio.md": (1, "below"),
    "docs/howto/deployment.md": (1, "test_deployment_page"),
    "docs/howto/from-aiohttp.md": (1, "the program before, which leaves a thread behind"),
    "docs/howto/from-async-tkinter-loop.md": (
        1,
        "the program before, of a package that is not here",
    ),
    "docs/howto/from-qwebsocket.md": (1, "the program before, of a package that is not here"),
    "docs/howto/from-websocket-client.md": (1, "the program before, which leaves a thread behind"),
    "docs/howto/from-websockets-thread.md": (1, "the program before, which leaves a thread behind"),
    "docs/howto/proxies.md": (1, "tests/interop/test_proxies"),
    "docs/howto/testing.md": (4, "test_testing_page"),
    "docs/scaling.md": (1, "test_scaling_page"),
}


def blocks(page: str) -> list[str]:
    """The blocks of a page that are left out."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return [block["text"] for block in BLOCK.finditer(text) if block["info"] == "python notest"]


def test_every_block_that_is_left_out_is_listed() -> None:
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    found = Counter({page.relative_to(REPOSITORY).as_posix(): 0 for page in pages})
    for page in found:
        found[page] = len(blocks(page))
    assert dict(+found) == {page: number for page, (number, _) in LEFT_OUT.items()}


@pytest.mark.parametrize("page", LEFT_OUT)
def test_what_is_left_out_is_python(page: str) -> None:
    for text in blocks(page):
        ast.parse(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", blocks("README.md"), ids=["callbacks", "await"])
def test_both_styles_of_the_readme_greet(
    text: str, display_root: tkinter.Tk, pump_until: Callable[..., None]
) -> None:
    server = tkws.serve(master=display_root)
    server.live("/greet", lambda ws, type, message: type == "text" and ws.send(f"Hello, {message}!"))
    label = tkinter.Label(display_root)
    text = text.replace("ws://127.0.0.1:8765/", server.url).replace(".pack()", "")
    names = {"tk": tkinter, "tkws": tkws, "root": display_root, "label": label}
    exec(compile(text, "README.md", "exec", dont_inherit=True), names)
    [button] = [child for child in display_root.winfo_children() if isinstance(child, tkinter.Button)]
    button.invoke()
    pump_until(lambda: label["text"] == "Hello, world!", timeout=60)
    pump_until(lambda: not tkws.find(), timeout=60)
    server.close()


@pytest.mark.slow
def test_the_whole_program_ends_with_its_window(
    display_root: tkinter.Tk, monkeypatch: pytest.MonkeyPatch
) -> None:
    [text] = blocks("docs/howto/asyncio.md")
    monkeypatch.setattr(tkinter, "Tk", lambda: display_root)
    display_root.after(50, display_root.destroy)
    exec(compile(text, "asyncio.md", "exec", dont_inherit=True), {})
