import datetime
import re
import ssl
from typing import Any

import pytest
import trustme

import tkws
from tests.peers import Log
from tkws.net.tlserrors import PEER, PROXY, SERVER, explain_tls, needs_a_change

pytestmark = pytest.mark.thorough

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


def test_no_authorities_on_this_machine(root, pump_until, ca, monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    server = tkws.serve(master=root, ssl=server_context(ca))
    error = failure(root, pump_until, server, server.url, ssl.create_default_context())
    for way in ("ca-certificates", "SSL_CERT_FILE", "ssl=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)"):
        assert way in str(error)


def test_a_server_that_does_not_know_the_name(root, peers, log, pump_until, ca):
    def refuse(tls: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context = server_context(ca)
    context.sni_callback = refuse
    server = tkws.serve("localhost", master=root, ssl=context)
    error = failure(root, pump_until, server, server.url, client_context(ca))
    assert "does not know the name by which it was called: check the host in the URL" in str(error)


def test_a_certificate_that_is_not_valid_yet_is_tried_again(root, pump_until, ca):
    server = tkws.serve(master=root, ssl=server_context(ca, "127.0.0.1", **NOT_YET))
    log = Log()
    ws = tkws.open(server.url, log, master=root, ssl=client_context(ca), reconnect=tkws.Backoff(initial=0.01))
    pump_until(lambda: log.types.count("retry") > 1)
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    server.close()


class Unusable(ssl.SSLContext):
    """A context that can begin no connection."""

    def wrap_bio(self, *arguments: object, **more: object) -> ssl.SSLObject:
        raise ssl.SSLError(1, "[SSL: LIBRARY_HAS_NO_CIPHERS] library has no ciphers (_ssl.c:1)")


@pytest.mark.parametrize("of", ["server", "proxy"])
def test_a_context_that_can_begin_no_connection(root, peers, log, pump_until, of):
    listening = peers.listen()
    context = Unusable(ssl.PROTOCOL_TLS_CLIENT)
    if of == "server":
        tkws.open(f"wss://127.0.0.1:{listening.port}/", log, master=root, ssl=context)
    else:
        proxy = f"https://127.0.0.1:{listening.port}"
        tkws.open("ws://server.test/", log, master=root, proxy=proxy, proxy_ssl=context)
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert log.one("error").phase == ("tls" if of == "server" else "proxy")
    assert is_plain(str(log.one("error")).rpartition("/: ")[2])


def raised(reason: str) -> ssl.SSLError:
    """An error as Python makes it of OpenSSL's reason."""
    words = reason.replace("_", " ").lower()
    error = ssl.SSLError(1, f"[SSL: {reason}] {words} (_ssl.c:1006)")
    error.library, error.reason = "SSL", reason
    return error


def unnamed(words: str) -> ssl.SSLError:
    """The same of a reason that Python has no name for."""
    error = ssl.SSLError(1, f"[SSL] {words} (_ssl.c:1006)")
    error.library = "SSL"
    return error


def unverified(code: int, words: str = "some reason of its own") -> ssl.SSLCertVerificationError:
    said = f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {words} (_ssl.c:1006)"
    error = ssl.SSLCertVerificationError(1, said)
    error.library, error.reason = "SSL", "CERTIFICATE_VERIFY_FAILED"
    error.verify_code, error.verify_message = code, words
    return error


# Python 3.11 lists them; later ones keep the list to themselves.
ALL_REASONS = sorted(set(getattr(ssl._ssl, "err_codes_to_names", {}).values()))  # type: ignore[attr-defined] # a private name


def is_plain(sentence: str) -> bool:
    """Whether a sentence has nothing of how OpenSSL and Python write errors."""
    jargon = re.sub("SSL_CERT_FILE|VERIFY_X509_STRICT|PROTOCOL_TLS_CLIENT", "", sentence)
    return not re.search(r"_ssl\.c|\[|\]|[A-Z0-9]+_[A-Z0-9_]+|[{}]|None", jargon)


@pytest.mark.skipif(not ALL_REASONS, reason="this Python does not list OpenSSL's reasons")
@pytest.mark.parametrize("peer", [SERVER, PROXY, PEER])
def test_every_reason_of_openssl_becomes_a_sentence(peer):
    for reason in ALL_REASONS:
        sentence = explain_tls(raised(reason), peer)
        assert is_plain(sentence), sentence
        assert peer.name in sentence
        assert ":" in sentence or sentence == f"The {peer.name} ended the connection without ending TLS"


@pytest.mark.parametrize("peer", [SERVER, PROXY, PEER])
def test_every_fault_of_a_certificate_becomes_a_sentence(peer):
    for code in range(120):
        sentence = explain_tls(unverified(code), peer, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        assert sentence.startswith(f"The {peer.name}'s certificate ")
        assert is_plain(sentence), sentence
        assert ": " in sentence or ", " in sentence


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (unverified(85, "Missing Authority Key Identifier"), "(Missing Authority Key Identifier)"),
        (unverified(92), "without ssl.VERIFY_X509_STRICT"),
        (unverified(66), "too weak"),
        (unverified(12), "revocation"),
        (
            unverified(26, "unsuitable certificate purpose"),
            "not made for this use (unsuitable certificate purpose)",
        ),
        (unverified(50), "is not accepted (some reason of its own)"),
        (raised("UNSAFE_LEGACY_RENEGOTIATION_DISABLED"), "old renegotiation"),
        (raised("TLSV1_UNRECOGNIZED_NAME"), "check the host"),
        (raised("SSLV3_ALERT_CERTIFICATE_EXPIRED"), "this side's certificate has expired"),
        (raised("SSLV3_ALERT_CERTIFICATE_REVOKED"), "this side's certificate was revoked"),
        (raised("SSLV3_ALERT_CERTIFICATE_UNKNOWN"), "refuses this side's certificate"),
        (raised("SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"), "refuses this side's certificate"),
        (raised("SSLV3_ALERT_BAD_CERTIFICATE"), "refuses this side's certificate"),
        (raised("TLSV1_ALERT_UNKNOWN_CA"), "does not know the authority"),
        (raised("TLSV1_ALERT_ACCESS_DENIED"), "refuses this side's certificate"),
        (raised("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "wants a certificate of this side"),
        (raised("TLSV1_ALERT_PROTOCOL_VERSION"), "no version of TLS in common"),
        (raised("SSLV3_ALERT_HANDSHAKE_FAILURE"), "every cipher"),
        (raised("TLSV1_ALERT_INSUFFICIENT_SECURITY"), "every cipher"),
        (raised("NO_APPLICATION_PROTOCOL"), "ALPN"),
        (raised("DH_KEY_TOO_SMALL"), "too weak"),
        (raised("TLSV1_ALERT_INTERNAL_ERROR"), "an error of its own"),
        (raised("SSLV3_ALERT_BAD_RECORD_MAC"), "(bad record mac)"),
        (unnamed("tlsv1 alert no application protocol"), "none of the protocols"),
        (unnamed("tlsv1 alert unknown psk identity"), "(unknown psk identity)"),
        (unnamed("unknown error"), "(unknown error)"),
        (raised("BAD_SIGNATURE"), "(bad signature)"),
        (raised("WRONG_VERSION_NUMBER"), "does not speak TLS"),
        (ssl.SSLError(1, "[SSL] unknown error (_ssl.c:1006)"), "(unknown error)"),
        (ssl.SSLError(1, "[SSL: ODD] odd thing (_ssl.c:1006)"), "(odd thing)"),
        (ssl.SSLError("odd"), "(odd)"),
        (ssl.SSLError(), "(for no stated reason)"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:1006)"), "without ending TLS"),
        (
            ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed (EOF) (_ssl.c:1)"),
            "without ending TLS",
        ),
        (ssl.SSLCertVerificationError(1, "odd"), "is not accepted (odd)"),
    ],
)
def test_what_a_failure_is_said_to_be(error, words):
    assert words in explain_tls(error)
    assert is_plain(explain_tls(error))


def test_errors_that_are_not_of_tls_keep_their_words():
    assert explain_tls(OSError("no route")) == "no route"


@pytest.mark.parametrize(
    ("error", "lasts"),
    [
        *[(unverified(code), True) for code in (2, 10, 18, 19, 20, 21, 23, 62, 64, 85, 119)],
        *[(unverified(code), False) for code in (9, 11)],
        (raised("TLSV1_UNRECOGNIZED_NAME"), True),
        (raised("WRONG_VERSION_NUMBER"), True),
        (raised("TLSV1_ALERT_UNKNOWN_CA"), True),
        (raised("UNSAFE_LEGACY_RENEGOTIATION_DISABLED"), True),
        (raised("TLSV1_ALERT_INTERNAL_ERROR"), False),
        (raised("TLSV1_ALERT_USER_CANCELLED"), False),
        (unnamed("tlsv1 alert no application protocol"), True),
        (unnamed("unknown error"), False),
        (raised("BAD_SIGNATURE"), False),
        (ssl.SSLEOFError(8, "EOF"), False),
        (ConnectionResetError(), False),
        (None, False),
    ],
)
def test_what_lasts_until_something_is_changed(error, lasts):
    assert needs_a_change(error) is lasts
