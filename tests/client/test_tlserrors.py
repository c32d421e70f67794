import datetime
import ssl
from typing import Any

import pytest
import trustme

import tkws
from tests.peers import Log
from tkws.client.tlserrors import explain_tls

LONG_AGO = {"not_before": datetime.datetime(2020, 1, 1), "not_after": datetime.datetime(2021, 1, 1)}  # noqa: DTZ001 - as trustme wants it
NOT_YET = {"not_before": datetime.datetime(2199, 1, 1), "not_after": datetime.datetime(2199, 2, 1)}  # noqa: DTZ001 - as trustme wants it


def server_context(ca: trustme.CA, *names: str, **validity: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(names or ("127.0.0.1",)), **validity).configure_cert(context)
    return context


def client_context(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


def failure(root, pump_until, server: tkws.HTTPServer, url: str, context: ssl.SSLContext | None):
    log = Log()
    tkws.open(url, log, master=root, ssl=context)
    pump_until(lambda: log.over)
    server.close()
    assert log.types == ["error", "disconnect"]
    error = log.events[0][1]
    assert isinstance(error, tkws.OpenError)
    assert "verif" not in str(error)
    return error


@pytest.mark.parametrize(
    ("names", "validity", "words"),
    [
        (("127.0.0.1",), LONG_AGO, "has expired"),
        (("127.0.0.1",), NOT_YET, "is not valid yet"),
        (("127.0.0.2",), {}, "is for another address"),
    ],
)
def test_a_certificate_that_does_not_fit_says_why(root, pump_until, ca, names, validity, words):
    server = tkws.serve(master=root, ssl=server_context(ca, *names, **validity))
    error = failure(root, pump_until, server, server.url, client_context(ca))
    assert error.phase == "tls"
    assert words in str(error)


def test_a_certificate_for_another_name(root, pump_until, ca):
    server = tkws.serve("localhost", master=root, ssl=server_context(ca, "example.org"))
    error = failure(root, pump_until, server, server.url, client_context(ca))
    assert "is for another name" in str(error)


def test_an_unknown_authority(root, pump_until, ca):
    server = tkws.serve(master=root, ssl=server_context(ca))
    error = failure(root, pump_until, server, server.url, client_context(trustme.CA()))
    assert "authority that this machine does not know" in str(error)


def test_a_client_without_the_certificate_that_is_asked_for(root, pump_until, ca):
    context = server_context(ca)
    context.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(context)
    server = tkws.serve(master=root, ssl=context)
    error = failure(root, pump_until, server, server.url, client_context(ca))
    assert "wants a certificate of this side" in str(error)


def test_no_common_version(root, pump_until, ca):
    newer = server_context(ca)
    newer.minimum_version = ssl.TLSVersion.TLSv1_3
    older = client_context(ca)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    server = tkws.serve(master=root, ssl=newer)
    error = failure(root, pump_until, server, server.url, older)
    assert "no version of TLS in common" in str(error)


def test_tls_spoken_to_a_plain_port(root, pump_until, ca):
    server = tkws.serve(master=root)
    error = failure(root, pump_until, server, server.url.replace("ws:", "wss:"), client_context(ca))
    assert "does not speak TLS on this port" in str(error)


def test_plain_http_spoken_to_a_tls_port(root, pump_until, ca):
    server = tkws.serve(master=root, ssl=server_context(ca))
    error = failure(root, pump_until, server, server.url.replace("wss:", "ws:"), None)
    assert "before it had answered" in str(error)


def test_a_tls_alert_in_answer_to_plain_http(root, pump_until, peers):
    log = Log()
    listening = peers.listen()
    tkws.open(listening.url, log, master=root)
    listening.accept().send(b"\x15\x03\x01\x00\x02\x02\x28")
    pump_until(lambda: log.over)
    assert "use wss:" in str(log.events[0][1])


def test_other_errors_keep_their_words():
    odd = ssl.SSLCertVerificationError(1, "odd")
    odd.verify_code = 50
    assert "odd" in explain_tls(odd)
    assert "odd" in explain_tls(ssl.SSLError(1, "odd"))
    assert explain_tls(OSError("no route")) == "no route"
