import ssl

import pytest
import trustme

import tkws
from tests.peers import Log


def context(ca: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(made)
    return made


def outcome(root, pump_until, url: str, ca: trustme.CA) -> str:
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)
    log = Log(connect=lambda ws, message: ws.close())
    tkws.open(url, log, master=root, ssl=trusting)
    pump_until(lambda: log.over)
    return log.types[0]


@pytest.mark.parametrize("way", ["another context", "the same context"])
def test_a_certificate_is_renewed_without_a_restart(root, pump_until, way):
    old, new = trustme.CA(), trustme.CA()
    serving = context(old)
    server = tkws.serve(master=root, ssl=serving, handler=Log())
    lasting = Log()
    trusting = ssl.create_default_context()
    old.configure_trust(trusting)
    ws = tkws.open(server.url, lasting, master=root, ssl=trusting)
    pump_until(lambda: lasting.open)
    if way == "another context":
        server.ssl = context(new)
        assert server.ssl is not serving
    else:
        new.issue_cert("127.0.0.1").configure_cert(serving)
    assert outcome(root, pump_until, server.url, new) == "connect"
    assert outcome(root, pump_until, server.url, old) == "error"
    assert ws.state is tkws.State.OPEN
    server.close()
    pump_until(lambda: lasting.over)


def test_what_is_no_context_is_refused(root, ca):
    plain = tkws.serve(master=root)
    assert plain.ssl is None
    with pytest.raises(ValueError, match="^ssl:"):
        plain.ssl = context(ca)
    with pytest.raises(TypeError, match="^ssl:"):
        plain.ssl = "certificate.pem"
    plain.close()
