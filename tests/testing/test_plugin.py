"""The fixtures, in an inner run of pytest."""

from __future__ import annotations

import pytest

INNER = """
import asyncio, pytest, tkinter, tkws
from tkws import aio
from tkws.testing import Recorder

def test_a_conversation(tkws_root, tkws_server, tkws_run_until):
    tkws_server.live("/", lambda ws, type, message: type == "text" and ws.send(message))
    recorder = Recorder()
    ws = tkws.open(tkws_server.url, recorder, master=tkws_root)
    tkws_run_until(lambda: "connect" in recorder)
    ws.send("hello")
    tkws_run_until(lambda: recorder.messages == ["hello"])

def test_a_jump(tkws_clock, tkws_root, tkws_server, tkws_run_until):
    recorder = Recorder()
    tkws_server.live("/", recorder)
    ws = tkws.open(tkws_server.url, lambda *event: None, master=tkws_root)
    tkws_run_until(lambda: "connect" in recorder)
    tkws_clock.advance(30)
    tkws_run_until(lambda: "pong" in recorder)

def test_a_handler_that_raises(tkws_root, tkws_server, tkws_run_until):
    tkws_server.live("/", lambda ws, type, message: 1 / 0)
    tkws.open(tkws_server.url, lambda *event: None, master=tkws_root)
    with pytest.raises(ZeroDivisionError):
        tkws_run_until(lambda: False)

def test_a_callback_that_raises_unheard(tkws_root):
    tkws_root.after(0, lambda: 1 / 0)
    tkws_root.dooneevent()

async def reply(value):
    await asyncio.sleep(0.001)
    if value is None:
        raise LookupError("no value")
    return value

def test_a_coroutine(tkws_root, tkws_run, tkws_server):
    called = []
    tkws_root.after(1, called.append, True)
    async def main():
        while not called:
            await asyncio.sleep(0.001)
        async with aio.connect(tkws_server.url) as ws:
            return ws.state.name
    tkws_server.live("/", lambda *event: None)
    assert [tkws_run(reply(1)), tkws_run(main()), tkws_run(reply(2))] == [1, "OPEN", 2]

def test_a_coroutine_that_raises(tkws_run):
    with pytest.raises(LookupError):
        tkws_run(reply(None))

def test_another_interpreter(tkws_run, tkws_root):
    other = tkinter.Tcl()
    async def main():
        return aio.loop(other) is asyncio.get_running_loop()
    assert tkws_run(main(), master=other)

def test_its_own_timeout(tkws_run):
    async def main():
        raise TimeoutError("of the program")
    with pytest.raises(TimeoutError, match="of the program"):
        tkws_run(main())

def test_what_is_no_coroutine(tkws_run):
    with pytest.raises(TypeError, match="main"):
        tkws_run(reply)

def test_a_coroutine_that_hangs(tkws_run):
    async def hangs():
        await asyncio.Event().wait()
    tkws_run(hangs(), timeout=0.02)

def test_waiting_in_vain(tkws_run_until):
    tkws_run_until(lambda: False, timeout=0.02)
"""


@pytest.mark.slow
def test_the_fixtures(pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["tkws.testing.plugin"]')
    pytester.makepyfile(INNER)
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-p", "no:xvfb", "-rfE")
    result.assert_outcomes(passed=9, failed=2, errors=1)
    result.stdout.re_match_lines_random(
        [
            r"ERROR .*test_a_callback_that_raises_unheard.*",
            r"FAILED .*test_waiting_in_vain.*not within .*",
            r"E +TimeoutError: not within 0.02 s: .*hangs\(\)",
        ]
    )
