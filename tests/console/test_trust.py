"""Trust in one certificate: shown before, for one server only, and never for all."""

from __future__ import annotations

import json
import ssl
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import ttk

import pytest
import trustme

import tkws
from tests.console.conftest import Hands
from tkws.console.client.certificate import fingerprint_of
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.client.trust import TrustedCertificates
from tkws.console.memory.settings import Settings
from tkws.console.window.trustdialog import TrustDialog, in_pairs
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

ONE, OTHER = "A" * 64, "B" * 64


def der_of(certificate: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


class SecureServer:
    """A server with TLS that remembers what it was asked."""

    def __init__(self, root: tk.Misc, certificate: trustme.LeafCert) -> None:
        self.heard: list[str] = []
        self.server = tkws.serve(
            master=root,
            ssl=context_of(certificate),
            handler=lambda _, type, __: self.heard.append(type),
        )
        self.url = self.server.url


@pytest.fixture
def secure(
    display_root: tk.Tk, certificate: trustme.LeafCert, pump_until: PumpUntil
) -> Iterator[SecureServer]:
    made = SecureServer(display_root, certificate)
    yield made
    made.server.close()
    pump_until(lambda: not made.server.connections)


def dialog(console: Console) -> TrustDialog | None:
    return next((child for child in console.banner.winfo_children() if isinstance(child, TrustDialog)), None)


def press(console: Console, label: str) -> None:
    buttons = [each for each in console.banner._buttons.winfo_children() if isinstance(each, ttk.Button)]
    [button] = [each for each in buttons if each.cget("text") == label]
    button.invoke()


def ask(console: Console, url: str, pump_until: PumpUntil) -> TrustDialog:
    """Connect to a server whose certificate is not trusted, and open the sheet."""
    console.connect_to(Target(url=url, proxy=NO_PROXY, ping_interval=0))
    pump_until(lambda: console.banner.text and not console.session.is_open)
    press(console, "Trust this certificate…")
    pump_until(lambda: dialog(console) is not None)
    made = dialog(console)
    assert made is not None
    return made


def shown(widget: tk.Misc) -> list[str]:
    """Return the texts of the labels in a widget."""
    texts = [str(widget.cget("text"))] if widget.winfo_class() == "TLabel" else []
    return texts + [text for child in widget.winfo_children() for text in shown(child)]


@pytest.mark.slow
def test_the_certificate_is_shown_and_then_trusted(
    console: Console, secure: SecureServer, certificate: trustme.LeafCert, pump_until: PumpUntil
) -> None:
    sheet = ask(console, secure.url, pump_until)
    fingerprint = fingerprint_of(der_of(certificate))
    assert sheet.fingerprint.get("1.0", "end-1c") == in_pairs(fingerprint)
    texts = shown(sheet)
    assert "localhost, 127.0.0.1, ::1" in texts
    assert "from 2000-01-01 to 3000-01-01" in texts
    assert secure.heard == [], "no request was sent for it"
    sheet.trust.invoke()
    pump_until(lambda: console.session.is_open)
    assert not console.session.is_unverified
    assert fingerprint[:16] in str(console.address.options._trusted_label.cget("text"))
    console.session.disconnect()
    pump_until(lambda: console.session.over)
    console.connect_to(Target(url=f"{secure.url}other", proxy=NO_PROXY, ping_interval=0))
    pump_until(lambda: console.session.is_open)


@pytest.mark.slow
def test_any_other_certificate_is_refused_before_anything_is_sent(
    console: Console, secure: SecureServer, ca: trustme.CA, pump_until: PumpUntil
) -> None:
    console.address.trust_certificate(secure.url, OTHER, remember=False)
    target = Target(url=secure.url, proxy=NO_PROXY, ping_interval=0, reconnect=True)
    console.connect_to(target)
    pump_until(lambda: console.session.over)
    place = secure.url.removeprefix("wss://").rstrip("/")
    assert console.banner.text == f"The certificate of {place} is not the one that you trust."
    assert secure.heard == []
    press(console, "Verify as usual")
    pump_until(lambda: console.banner.text.endswith("that this machine does not know."))
    assert console.address.applied_to(target).fingerprint == ""


@pytest.mark.slow
def test_a_hasty_return_trusts_nobody(
    console: Console, hands: Hands, secure: SecureServer, pump_until: PumpUntil
) -> None:
    sheet = ask(console, secure.url, pump_until)
    pump_until(lambda: isinstance(sheet.focus_get(), ttk.Button))  # when the sheet has come into sight
    hands.press_until(lambda: dialog(console) is None, "Return")
    assert console.address.applied_to(Target(url=secure.url)).fingerprint == ""
    assert not console.session.is_open


def test_trust_is_for_one_server(tmp_path: Path) -> None:
    trusted = TrustedCertificates(None)
    trusted.add("wss://host:8443/feed", ONE, remember=True)
    assert trusted.get("wss://HOST:8443/other?x=1") == ONE
    for url in ("wss://host/feed", "wss://host:8444/", "wss://other:8443/", "ws://host:8443/"):
        assert trusted.get(url) == ""
    target = Target(url="wss://host:8443/")
    assert trusted.applied_to(target).fingerprint == ONE
    assert trusted.applied_to(target).is_origin_bound, "no redirect may leave the server"
    assert trusted.applied_to(Target(url="wss://host/")) == Target(url="wss://host/")
    trusted.forget("wss://host:8443/")
    assert trusted.applied_to(target) == target


def test_trust_is_remembered_only_if_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "new" / "certificates.json"
    first, second = TrustedCertificates(path), TrustedCertificates(path)
    first.add("wss://a/", ONE, remember=True)
    second.add("wss://b/", ONE, remember=True)
    first.add("wss://c/", ONE, remember=False)
    later = TrustedCertificates(path)
    assert [later.get(f"wss://{name}/") for name in "abc"] == [ONE, ONE, ""]
    second.add("wss://a/", OTHER, remember=False)
    assert (second.get("wss://a/"), TrustedCertificates(path).get("wss://a/")) == (OTHER, "")
    later.forget("wss://b/")
    assert TrustedCertificates(path).get("wss://b/") == ""


@pytest.mark.parametrize("content", ["", "[]", '{"https://a": 7}', "\x00", '{"https://a"'])
def test_a_file_that_makes_no_sense_trusts_nobody(tmp_path: Path, content: str) -> None:
    path = tmp_path / "certificates.json"
    path.write_text(content, encoding="utf-8")
    trusted = TrustedCertificates(path)
    assert trusted.get("wss://a/") == ""
    trusted.add("wss://a/", ONE, remember=True)
    assert json.loads(path.read_text(encoding="utf-8")) == {"https://a": ONE}


@pytest.mark.slow
def test_a_file_that_cannot_be_written_is_told(console: Console, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    console.address._trusted = TrustedCertificates(blocked / "certificates.json")
    fault = console.address.trust_certificate("wss://a/", ONE, remember=True)
    assert fault.startswith("The certificate was not remembered: ")
    assert console.address.applied_to(Target(url="wss://a/")).fingerprint == ONE, "for this run it is"


def test_a_target_that_verifies_nothing_stays_so() -> None:
    trusted = TrustedCertificates(None)
    trusted.add("wss://a/", ONE, remember=False)
    target = Target(url="wss://a/", verify=False)
    assert trusted.applied_to(target) == target
    assert Settings().recall("wss://a/").fingerprint == ""
