"""A client's certificate is shown to the server; the password of its key is asked for."""

from __future__ import annotations

import ssl
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

import tkws
from tests.console.conftest import Hands, form_of, is_over
from tests.peers import Log
from tkws.console.client.clientcert import KeyLocked
from tkws.console.client.copyas import as_curl
from tkws.console.client.curl import read_curl
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]


class Files(NamedTuple):
    """PEM files: of the authority, of a client's certificate, and of its key."""

    authority: str
    cert: str
    key: str
    locked: str
    """The key under the password "hunter2"."""
    other: str
    """Another key."""


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Files:
    names = Files(*(str(tmp_path / f"{name}.pem") for name in Files._fields))
    client = authority.issue_cert("client.example")
    authority.cert_pem.write_to_path(names.authority)
    client.cert_chain_pems[0].write_to_path(names.cert)
    client.private_key_pem.write_to_path(names.key)
    authority.issue_cert("other.example").private_key_pem.write_to_path(names.other)
    key = load_pem_private_key(client.private_key_pem.bytes(), None)
    Path(names.locked).write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2"))
    )
    return names


@pytest.fixture
def demanding(root: tk.Misc, authority: trustme.CA) -> tkws.HTTPServer:
    """A server that admits only clients with a certificate."""
    return serve(root, authority)


def serve(master: tk.Misc, authority: trustme.CA) -> tkws.HTTPServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return tkws.serve(master=master, handler=Log(), ssl=context)


@pytest.mark.parametrize("password", ["", "hunter2"])
def test_the_server_sees_the_certificate(
    root: tk.Misc, demanding: tkws.HTTPServer, files: Files, pump_until: PumpUntil, password: str
) -> None:
    target = Target(
        url=demanding.url, proxy=NO_PROXY, ca_file=files.authority, cert_file=files.cert,
        key_file=files.locked if password else files.key, key_password=password,
    )  # fmt: skip
    client = Log()
    ws = target.open(client, root)
    pump_until(lambda: "connect" in client.types and demanding.connections)
    [peer] = demanding.connections
    assert peer.tls is not None
    assert peer.tls.peercert
    ws.close()
    pump_until(lambda: "disconnect" in client.types)
    demanding.close()


def test_what_is_wrong_with_the_files_is_told(files: Files, tmp_path: Path) -> None:
    def reason(**options: Any) -> str:
        with pytest.raises(ValueError, match="^") as raised:
            Target(url="wss://127.0.0.1/", **options).ssl_context()
        return str(raised.value)

    missing = str(tmp_path / "none.pem")
    assert reason(cert_file=missing) == f"Client certificate: there is no file {missing}"
    assert reason(cert_file=files.cert, key_file=missing) == f"Client certificate: there is no file {missing}"
    assert reason(key_file=files.key) == "Client key: choose the certificate that it belongs to, too"
    assert reason(cert_file=files.cert, key_file=files.other).endswith("belongs to another one")
    assert reason(cert_file=files.cert).startswith(
        "Client certificate: PEM files with a certificate and its key"
    )
    assert reason(cert_file=files.cert, key_file=files.locked) == "The key in locked.pem needs a password"
    wrong = reason(cert_file=files.cert, key_file=files.locked, key_password="wrong")
    assert wrong == "This is not the password of locked.pem"


def test_a_locked_key_is_told_by_its_file(files: Files) -> None:
    with pytest.raises(KeyLocked) as raised:
        Target(url="wss://127.0.0.1/", cert_file=files.cert, key_file=files.locked).ssl_context()
    assert raised.value.path == files.locked


def test_no_password_is_shown(files: Files) -> None:
    target = Target(url="wss://127.0.0.1/", cert_file=files.cert, key_password="hunter2")
    assert "hunter2" not in repr(target)
    assert "hunter2" not in as_curl(target)


def test_a_certificate_is_read_from_a_command() -> None:
    target = read_curl("curl https://host/ -E client.pem:hunter2 --key key.pem --pass hunter2")
    assert (target.cert_file, target.key_file, target.key_password) == ("client.pem", "key.pem", "")
    assert read_curl(r"curl https://host/ --cert 'C:\client.pem'").cert_file == r"C:\client.pem"
    assert read_curl(as_curl(target)) == target


@pytest.fixture
def asking(display_root: tk.Tk, authority: trustme.CA) -> Iterator[tkws.HTTPServer]:
    server = serve(display_root, authority)
    yield server
    server.close()


@pytest.mark.slow
def test_the_window_asks_for_the_password(
    console: Console, hands: Hands, asking: tkws.HTTPServer, files: Files, pump_until: PumpUntil
) -> None:
    console.address.entry.insert(0, asking.url)
    options = console.address.options
    for field, path in (options.ca_file, files.authority), (options.cert_file, files.cert), (
        options.key_file, files.locked,
    ):  # fmt: skip
        field.insert(0, path)
    options.proxy.set("none")
    console.connect()
    assert str(form_of(console).widgets[0].cget("show")) == "•"
    hands.fill(form_of(console), "wrong")
    hands.fill(form_of(console), "hunter2")
    pump_until(lambda: console.session.opened)
    assert "hunter2" not in str(console.settings)
    console.session.disconnect()
    pump_until(lambda: is_over(console))
    console.connect()  # the password is known in this run
    pump_until(lambda: console.session.opened)
