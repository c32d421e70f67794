import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest

import tkws
from tests.peers import Log
from tkws.client.retry import Attempts, is_transient, retry_after

pytestmark = pytest.mark.usefixtures("heartbeat")

QUICK = tkws.Backoff(initial=0.01, jitter=0)
LOST = tkws.ConnectionClosed(1006, "")


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def with_cause(error: tkws.OpenError, cause: Exception) -> tkws.OpenError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "transient"),
    [
        *[(tkws.ConnectionClosed(code, ""), True) for code in (1001, 1005, 1006, 1011, 1012, 1013, 1014)],
        *[
            (tkws.ConnectionClosed(code, ""), False)
            for code in (1000, 1002, 1003, 1007, 1008, 1009, 1010, 4000)
        ],
        *[
            (tkws.HandshakeError("", part="http", status=status), True)
            for status in (None, 408, 425, 429, 500, 502, 503, 504)
        ],
        *[
            (tkws.HandshakeError("", part="http", status=status), False)
            for status in (101, 301, 400, 401, 403, 404, 426)
        ],
        (tkws.OpenError("", phase="resolve"), True),
        (tkws.OpenError("", phase="proxy", status=407), False),
        (tkws.OpenTimeout("", phase="connect"), True),
        (with_cause(tkws.OpenError("", phase="tls"), ConnectionResetError()), True),
        (with_cause(tkws.OpenError("", phase="tls"), ssl.SSLCertVerificationError()), False),
        *[(tkws.ProtocolError(code, ""), True) for code in (1002, 1007)],  # the server may be mended
        *[(tkws.ProtocolError(code, ""), False) for code in (1008, 1009)],  # limits of this program
        (tkws.StateError(""), False),
    ],
)
def test_transient_and_final_causes(cause, transient):
    assert is_transient(cause) is transient


def test_the_pauses_grow_up_to_the_maximum():
    attempts = Attempts(tkws.Backoff(initial=1, factor=3, maximum=10, jitter=0), middle)
    assert [attempts.next_delay(LOST, 0) for _ in range(4)] == [1, 3, 9, 10]
    assert attempts.count == 4


def test_many_attempts_overflow_nothing():
    attempts = Attempts(tkws.Backoff(factor=1e300, maximum=60, jitter=0), middle)
    assert [attempts.next_delay(LOST, 0) for _ in range(100)][-1] == 60


def test_jitter_is_a_part_of_the_pause():
    asked = []

    def least(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    attempts = Attempts(tkws.Backoff(initial=10, jitter=0.2), least)
    assert attempts.next_delay(LOST, 0) == 8
    assert asked == [(0.8, 1.2)]


def test_a_connection_that_lasted_begins_the_pauses_anew():
    attempts = Attempts(tkws.Backoff(initial=1, reset_after=30, jitter=0), middle)
    assert [attempts.next_delay(LOST, 0), attempts.next_delay(LOST, 1)] == [1, 2]
    attempts.opened(10)
    assert attempts.next_delay(LOST, 39) == 4
    attempts.opened(40)
    assert attempts.next_delay(LOST, 70) == 1


def test_patience_ends():
    attempts = Attempts(tkws.Backoff(attempts=2), middle)
    assert attempts.next_delay(LOST, 0) is not None
    assert attempts.next_delay(LOST, 0) is not None
    assert attempts.next_delay(LOST, 0) is None


def test_the_rule_can_be_replaced():
    attempts = Attempts(tkws.Backoff(retry=lambda cause: False), middle)
    assert attempts.next_delay(LOST, 0) is None


def busy(value: str) -> tkws.OpenError:
    return tkws.HandshakeError("", part="http", status=503, headers={"Retry-After": value})


def test_retry_after_makes_a_pause_longer_and_never_shorter():
    attempts = Attempts(tkws.Backoff(initial=5, factor=1, jitter=0), middle)
    assert attempts.next_delay(busy("120"), 0) == 120
    assert attempts.next_delay(busy("1"), 0) == 5


def test_retry_after_as_a_date():
    soon = datetime.now(tz=UTC) + timedelta(seconds=100)
    assert 90 < retry_after(busy(format_datetime(soon, usegmt=True))) <= 100
    assert 90 < retry_after(busy(soon.strftime("%a, %d %b %Y %H:%M:%S"))) <= 100
    assert retry_after(busy("Wed, 21 Oct 2015 07:28:00 GMT")) == 0


@pytest.mark.parametrize("cause", [busy(""), busy("soon"), busy("²"), LOST])
def test_no_retry_after(cause):
    assert retry_after(cause) is None


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("initial", -1, ValueError),
        ("initial", "1", TypeError),
        ("initial", True, TypeError),
        ("factor", 0.5, ValueError),
        ("maximum", float("inf"), ValueError),
        ("jitter", 1.5, ValueError),
        ("attempts", 0, ValueError),
        ("attempts", 1.5, TypeError),
        ("attempts", True, TypeError),
        ("reset_after", float("nan"), ValueError),
        ("retry", 1, TypeError),
    ],
)
def test_a_bad_backoff_names_its_field(name, value, error):
    with pytest.raises(error, match=f"^{name}:"):
        tkws.Backoff(**{name: value})


def test_bad_arguments_of_open(root, peers):
    with pytest.raises(TypeError, match="^reconnect:"):
        tkws.open("ws://127.0.0.1:1", Log(), master=root, reconnect=5)
    ours, _ = peers.sockets()
    with pytest.raises(ValueError, match="^reconnect:"):
        tkws.open("ws://127.0.0.1:1", Log(), master=root, reconnect=True, sock=ours)


# On the loop


def serve(root, port: int = 0) -> tuple[tkws.HTTPServer, Log]:
    log = Log()
    return tkws.serve(master=root, port=port, handler=log), log


def test_a_lost_connection_is_opened_again_by_the_same_object(root, pump_until):
    server, heard = serve(root)
    log = Log(connect=lambda ws, message: ws.send(f"hello {ws.statistics.reconnections}"))
    ws = tkws.open(server.url, log, master=root, reconnect=QUICK)
    pump_until(lambda: heard.all("text") == ["hello 0"])
    server.connections[0].close(1012, "back soon")
    pump_until(lambda: heard.all("text") == ["hello 0", "hello 1"])
    assert log.types == ["connect", "close", "disconnect", "retry", "connect"]
    attempt, delay, cause = log.one("retry")
    assert (attempt, delay) == (1, 0.01)
    assert (cause.code, cause.reason) == (1012, "back soon")
    assert ws.state is tkws.State.OPEN
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    assert log.types[5:] == ["close", "disconnect"]
    server.close()


def test_attempts_that_fail_are_told_and_counted(root, pump_until):
    server, _ = serve(root)
    log = Log()
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=0.01, jitter=0, attempts=3))
    pump_until(lambda: log.open)
    server.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    assert [attempt for attempt, _, _ in log.all("retry")] == [1, 2, 3]
    refused = ["error", "disconnect"]
    again = [*refused, "retry"]
    assert log.types == ["connect", "close", "disconnect", "retry", *again, *again, *refused]


def test_a_final_cause_is_not_tried_again(root, pump_until):
    server = tkws.serve(master=root)
    log = Log()
    tkws.open(server.url, log, master=root, reconnect=True)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert log.events[0][1].status == 404
    server.close()


@pytest.mark.parametrize("fault", ["of the server", "a limit"])
def test_after_a_fault_the_rule_gets_what_was_wrong(root, pump_until, fault):
    server, heard = serve(root)
    log, causes = Log(), []
    quick = tkws.Backoff(
        initial=0.01, attempts=1, retry=lambda cause: causes.append(cause) or is_transient(cause)
    )
    ws = tkws.open(server.url, log, master=root, reconnect=quick, max_message=10, compression=False)
    pump_until(lambda: heard.open)
    if fault == "a limit":
        heard.ws.send(b"12345678901")
        pump_until(lambda: ws.state is tkws.State.CLOSED)
        assert "retry" not in log.types
    else:
        heard.ws._session.driver.stream.write(b"\xff\x00")
        pump_until(lambda: log.types.count("connect") == 2)
        assert log.one("retry")[2] is causes[0]
    assert log.events[1:3] == [("error", causes[0]), ("close", (1006, str(causes[0])))]
    assert (type(causes[0]), causes[0].code) == (tkws.ProtocolError, 1009 if fault == "a limit" else 1002)
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and not server.connections)
    server.close()


def test_a_rule_that_raises_is_reported_and_ends_it(root, pump_until, callback_errors):
    server, _ = serve(root)
    server.close()
    log = Log()
    tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(retry=lambda cause: 1 / 0 > 0))
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert [type(error) for error in callback_errors] == [ZeroDivisionError]
    callback_errors.clear()


def test_reconnect_now_does_not_wait_for_the_pause(root, pump_until):
    server, _ = serve(root)
    log = Log()
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=60, jitter=0))
    pump_until(lambda: log.open)
    assert ws.retry_in is None
    ws.reconnect_now()
    server.connections[0].close(1001)
    pump_until(lambda: "retry" in log.types)
    assert 50 < ws.retry_in <= 60
    assert ws.state is tkws.State.CONNECTING
    ws.reconnect_now()
    pump_until(lambda: log.types.count("connect") == 2)
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    server.close()


def test_close_gives_up_the_attempts(root, pump_until):
    server, _ = serve(root)
    log = Log(retry=lambda ws, message: ws.close())
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=60))
    pump_until(lambda: log.open)
    server.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    assert log.types == ["connect", "close", "disconnect", "retry", "close", "disconnect"]
    assert tkws.find() == []


def test_messages_are_refused_while_down(root, pump_until):
    server, _ = serve(root)
    log = Log()
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=60))
    with pytest.raises(tkws.StateError, match="CONNECTING"):
        ws.send("too early")
    ws.close()
    pump_until(lambda: log.over)
    server.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_handler_may_be_changed_about_connect(root, pump_until, moment):
    server, _ = serve(root)
    log, other = Log(connect=lambda ws, message: moment == "after" and ws.configure(handler=other)), Log()
    ws = tkws.open(server.url, log, master=root)
    ws.pause()
    pump_until(lambda: ws.state is tkws.State.OPEN)
    if moment == "before":
        ws["handler"] = other
    ws.resume()
    ws.close()
    pump_until(lambda: other.over)
    assert log.types + other.types == ["connect", "close", "disconnect"]
    assert log.open is (moment == "after")
    server.close()


def test_headers_are_asked_for_at_each_attempt(root, pump_until):
    server, heard = serve(root)
    tokens = iter(["first", "second"])
    log = Log()
    ws = tkws.open(
        server.url, log, master=root, reconnect=QUICK, headers=lambda: {"Authorization": next(tokens)}
    )
    pump_until(lambda: heard.open)
    server.connections[0].close(1012)
    pump_until(lambda: len(heard.all("connect")) == 2)
    assert [request.headers["Authorization"] for request in heard.all("connect")] == ["first", "second"]
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    server.close()


def test_headers_that_cannot_be_made_are_the_programs_fault_and_fail_the_opening(
    root, pump_until, callback_errors
):
    log = Log()
    tkws.open("ws://127.0.0.1:1", log, master=root, headers=partial(int, "no header"))
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert isinstance(log.events[0][1].__cause__, ValueError)
    assert isinstance(callback_errors.pop(), ValueError)


def test_the_root_goes_while_a_pause_lasts(root, pump_until):
    server, _ = serve(root)
    log = Log()
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=60))
    pump_until(lambda: log.open)
    server.close()
    pump_until(lambda: "retry" in log.types)
    ws.loop.close()
    assert ws.state is tkws.State.CLOSED
    assert log.types[-1] == "retry"
