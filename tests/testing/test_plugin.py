"""The fixtures, in an inner run of pytest."""

from __future__ import annotations

import pytest

INNER = """
import pytest, tkws
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

def test_waiting_in_vain(tkws_run_until):
    tkws_run_until(lambda: False, timeout=0.02)
"""


@pytest.mark.slow
def test_the_fixtures(pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["tkws.testing.plugin"]')
    pytester.makepyfile(INNER)
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-p", "no:xvfb", "-rfE")
    result.assert_outcomes(passed=4, failed=1, errors=1)
    result.stdout.re_match_lines_random(
        [r"ERROR .*test_a_callback_that_raises_unheard.*", r"FAILED .*test_waiting_in_vain.*not within .*"]
    )
