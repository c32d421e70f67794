import re
import socket
import ssl
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

import tkws
from tests.peers import Log
from tkws.client.retry import RetryState, is_transient, retry_after

pytestmark = pytest.mark.usefixtures("heartbeat")

QUICK = tkws.Backoff(initial=0.01, jitter=0)
LOST = tkws.ConnectionClosed(1006, "")


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def refused(status: int | None) -> tkws.HandshakeError:
    return tkws.HandshakeError("", part="http", status=status)


def failed(phase: str, cause: Exception | None = None, status: int | None = None) -> tkws.OpenError:
    error = tkws.OpenError("", phase=phase, status=status)
    error.__cause__ = cause
    return error


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


def alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "alert")
    error.reason = reason
    return error


@pytest.mark.parametrize("code", [0, 1001, 1004, 1005, 1006, *range(1011, 1020), 1999, 2000, 2999])
def test_the_codes_of_a_peer_that_may_be_mended_are_transient(code):
    assert is_transient(tkws.ConnectionClosed(code, ""))


@pytest.mark.parametrize("code", [1000, 1002, 1003, *range(1007, 1011), 3000, 3003, 3999, 4000, 4408, 4999])
def test_the_codes_that_say_that_this_side_is_to_change_are_final(code):
    assert not is_transient(tkws.ConnectionClosed(code, ""))


@pytest.mark.parametrize("make", [refused, lambda status: failed("proxy", status=status)])
def test_only_a_server_can_mend_a_status_from_500_on_and_a_wrong_101_and_time_three_others(make):
    transient = {status for status in range(100, 1000) if is_transient(make(status))}
    assert transient == {101, 408, 425, 429, *range(500, 1000)}
    assert is_transient(make(None))


@pytest.mark.parametrize(
    ("cause", "transient"),
    [
        (failed("resolve", socket.gaierror(socket.EAI_NONAME, "unknown")), True),
        (failed("connect", ConnectionRefusedError()), True),
        (failed("connect", PermissionError()), True),  # a firewall, which comes and goes
        (failed("proxy", failed("connect", ConnectionRefusedError())), True),
        (failed("proxy", ValueError("no URL of a proxy")), False),
        (failed("proxy", ImportError("socksio")), False),
        (failed("proxy", PermissionError("SOCKS")), False),
        (failed("handshake", ValueError("of the program's headers")), True),
        (failed("handshake", tkws.URLError("wss:")), False),
        (tkws.OpenTimeout("", phase="connect"), True),
        (failed("tls", ConnectionResetError()), True),
        (failed("tls", ssl.SSLEOFError()), True),
        *[(failed("tls", unverified(code)), True) for code in (9, 11)],
        *[(failed("tls", unverified(code)), False) for code in (0, 10, 18, 19, 20, 23, 62, 64, 85)],
        (failed("proxy", unverified(62)), False),
        *[(failed("tls", alert(name)), True) for name in ("TLSV1_ALERT_INTERNAL_ERROR", "BAD_SIGNATURE")],
        *[
            (failed("tls", alert(name)), False)
            for name in ("TLSV1_UNRECOGNIZED_NAME", "WRONG_VERSION_NUMBER")
        ],
        *[(tkws.ProtocolError(code, ""), True) for code in (1002, 1007)],  # the server may be mended
        *[(tkws.ProtocolError(code, ""), False) for code in (1008, 1009)],  # limits of this program
        (tkws.StateError(""), False),
    ],
)
def test_transient_and_final_causes(cause, transient):
    assert is_transient(cause) is transient
    assert tkws.is_transient is is_transient


def test_the_pauses_grow_up_to_the_maximum():
    attempts = RetryState(tkws.Backoff(initial=1, factor=3, maximum=10, jitter=0), middle)
    assert [attempts.next_delay(LOST, 0) for _ in range(4)] == [1, 3, 9, 10]
    assert attempts.count == 4


def test_many_attempts_overflow_nothing():
    attempts = RetryState(tkws.Backoff(factor=1e300, maximum=60, jitter=0), middle)
    assert [attempts.next_delay(LOST, 0) for _ in range(100)][-1] == 60


def test_jitter_is_a_part_of_the_pause():
    asked = []

    def least(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    attempts = RetryState(tkws.Backoff(initial=10, jitter=0.2), least)
    assert attempts.next_delay(LOST, 0) == 8
    assert asked == [(0.8, 1.2)]


def test_a_connection_that_lasted_begins_the_pauses_anew():
    attempts = RetryState(tkws.Backoff(initial=1, reset_after=30, jitter=0), middle)
    assert [attempts.next_delay(LOST, 0), attempts.next_delay(LOST, 1)] == [1, 2]
    attempts.opened(10)
    assert attempts.next_delay(LOST, 39) == 4
    attempts.opened(40)
    assert attempts.next_delay(LOST, 70) == 1


def test_patience_ends():
    attempts = RetryState(tkws.Backoff(attempts=2), middle)
    assert attempts.next_delay(LOST, 0) is not None
    assert attempts.next_delay(LOST, 0) is not None
    assert attempts.next_delay(LOST, 0) is None


def test_the_rule_can_be_replaced():
    attempts = RetryState(tkws.Backoff(retry=lambda cause: False), middle)
    assert attempts.next_delay(LOST, 0) is None


def busy(value: str) -> tkws.OpenError:
    return tkws.HandshakeError("", part="http", status=503, headers={"Retry-After": value})


def test_retry_after_makes_a_pause_longer_and_never_shorter():
    attempts = RetryState(tkws.Backoff(initial=5, factor=1, jitter=0), middle)
    assert attempts.next_delay(busy("120"), 0) == 120
    assert attempts.next_delay(busy("1"), 0) == 5


@pytest.mark.parametrize(
    "form",
    [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
        "%a, %d %b %Y %H:%M:%S",
    ],
)
def test_retry_after_as_a_date(form):
    soon = datetime.now(tz=UTC) + timedelta(seconds=100)
    assert 90 < retry_after(busy(soon.strftime(form))) <= 100
    assert retry_after(busy("Wed, 21 Oct 2015 07:28:00 GMT")) == 0


@pytest.mark.parametrize(
    "value",
    ["9" * 400, "9" * 5000, "86401", "Fri, 31 Dec 9999 23:59:59 GMT", "1" + "0" * 20, "0" * 400 + "86401"],
)
def test_no_server_is_waited_for_longer_than_a_day(value):
    assert retry_after(busy(value)) == 86_400
    attempts = RetryState(tkws.Backoff(initial=1, jitter=0), middle)
    assert attempts.next_delay(busy(value), 0) == 86_400


@pytest.mark.parametrize(
    ("value", "seconds"), [("0", 0), ("007", 7), ("86400", 86_400), ("0" * 5000 + "5", 5)]
)
def test_retry_after_in_seconds(value, seconds):
    assert retry_after(busy(value)) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "-1",
        "+1",
        "1.5",
        "1e3",
        "inf",
        "nan",
        "\u0661",
        "1 2",
        "5, 10",
        "0x10",
        "Fri, 99 Dec 2030 23:59:59 GMT",
    ],
)
def test_what_is_no_retry_after(value):
    assert retry_after(busy(value)) is None


def test_the_first_of_two_retry_afters_counts():
    headers = tkws.Headers([("Retry-After", "5"), ("Retry-After", "10")])
    assert retry_after(tkws.HandshakeError("", part="http", status=503, headers=headers)) == 5


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


@pytest.fixture
def served(root, own_host) -> tuple[tkws.HTTPServer, Log]:
    """A server and its handler; once it is closed, nobody listens at its port."""
    log = Log()
    return tkws.serve(own_host, master=root, handler=log), log


def test_a_lost_connection_is_opened_again_by_the_same_object(root, served, pump_until):
    server, heard = served
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
    pump_until(lambda: log.types[5:] == ["close", "disconnect"])
    server.close()


def test_attempts_that_fail_are_told_and_counted(root, served, pump_until):
    server, _ = served
    log = Log()
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=0.01, jitter=0, attempts=3))
    pump_until(lambda: log.open)
    server.close()
    pump_until(lambda: log.types.count("disconnect") == 4)
    assert ws.state is tkws.State.CLOSED
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


SWITCH = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
BROKEN_ANSWERS = {
    "wrong accept": SWITCH + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
    "no accept": SWITCH + "\r\n",
    "accept on a line that is no field": SWITCH + "Sec-WebSocket-Accept {accept}\r\n\r\n",
    "accept with a control character": SWITCH + "Sec-WebSocket-Accept: {accept}\x01\r\n\r\n",
    "accept twice": SWITCH + 2 * "Sec-WebSocket-Accept: {accept}\r\n" + "\r\n",
    "no upgrade": "HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
    "no connection": "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
    "unknown extension": SWITCH
    + "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: x-none\r\n\r\n",
    "malformed extension": SWITCH + "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: ,\r\n\r\n",
    "unknown subprotocol": SWITCH + "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: none\r\n\r\n",
    "too large": SWITCH + "X: " + 70_000 * "x",
    "status line only": "HTTP/1.1 101\r\n\r\n",
    "no status": "HTTP/1.1\r\n\r\n",
    "not HTTP": "SSH-2.0-OpenSSH_9.7\r\n",
    "nothing": "",
}


@pytest.mark.parametrize("kind", BROKEN_ANSWERS)
def test_a_server_with_a_broken_answer_is_tried_again_until_it_is_mended(root, peers, pump_until, kind):
    listening, log = peers.listen(), Log()
    ws = tkws.open(listening.url, log, master=root, reconnect=QUICK)
    peer = listening.accept()
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", peer.take_until())[1].decode()
    peer.send(BROKEN_ANSWERS[kind].format(accept=tkws.sec_websocket_accept(key)).encode())
    if kind == "nothing":
        peer.sock.close()
    pump_until(lambda: log.types == ["error", "disconnect", "retry"])
    error = log.one("error")
    assert type(error) is tkws.HandshakeError
    assert error.status == (101 if BROKEN_ANSWERS[kind].startswith("HTTP/1.1 101") else None)
    assert log.one("retry")[2] is error
    mended = listening.accept()
    mended.accept()
    mended.bye()
    mended.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: log.types[3:] == ["connect", "close", "disconnect"])
    assert ws.state is tkws.State.CLOSED


@pytest.mark.parametrize("fault", ["of the server", "a limit"])
def test_after_a_fault_the_rule_gets_what_was_wrong(root, served, pump_until, fault):
    server, heard = served
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


def test_a_rule_that_raises_is_reported_and_ends_it(root, served, pump_until, callback_errors):
    server, _ = served
    server.close()
    log = Log()
    tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(retry=lambda cause: 1 / 0 > 0))
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert [type(error) for error in callback_errors] == [ZeroDivisionError]
    callback_errors.clear()


def test_reconnect_now_does_not_wait_for_the_pause(root, served, pump_until):
    server, _ = served
    log = Log()
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=600, maximum=600, jitter=0))
    pump_until(lambda: log.open)
    assert ws.retry_in is None
    ws.reconnect_now()
    server.connections[0].close(1001)
    pump_until(lambda: "retry" in log.types)
    assert 500 < ws.retry_in <= 600
    assert ws.state is tkws.State.CONNECTING
    ws.reconnect_now()
    pump_until(lambda: log.types.count("connect") == 2)
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    server.close()


def test_close_gives_up_the_attempts(root, served, pump_until):
    server, _ = served
    log = Log(retry=lambda ws, message: ws.close())
    tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=60))
    pump_until(lambda: log.open)
    server.close()
    pump_until(lambda: log.types == ["connect", "close", "disconnect", "retry", "close", "disconnect"])
    pump_until(lambda: tkws.find() == [])  # the server's end too


def test_messages_are_refused_while_down(root, served, pump_until):
    server, _ = served
    log = Log()
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=60))
    with pytest.raises(tkws.StateError, match="CONNECTING"):
        ws.send("too early")
    ws.close()
    pump_until(lambda: log.over)
    server.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_handler_may_be_changed_about_connect(root, served, pump_until, moment):
    server, _ = served
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


def test_headers_are_asked_for_at_each_attempt(root, served, pump_until):
    server, heard = served
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


def test_the_root_goes_while_a_pause_lasts(root, served, pump_until):
    server, _ = served
    log = Log()
    ws = tkws.open(server.url, log, master=root, reconnect=tkws.Backoff(initial=60))
    pump_until(lambda: log.open)
    server.close()
    pump_until(lambda: "retry" in log.types)
    ws.loop.close()
    assert ws.state is tkws.State.CLOSED
    assert log.types[-1] == "retry"
