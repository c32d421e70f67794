"""The default context verifies, and is made without holding anything up."""

from __future__ import annotations

import os
import ssl
import threading

import pytest

from tkws.net import default_ssl_context, load_default_ssl_context


@pytest.fixture(autouse=True)
def _fresh():
    default_ssl_context.cache_clear()
    yield
    default_ssl_context.cache_clear()


def test_it_verifies_and_is_made_once():
    made = default_ssl_context()
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert made.check_hostname
    assert default_ssl_context() is made


def test_one_without_authorities_for_want_of_a_descriptor_is_not_kept(ca, tmp_path, monkeypatch):
    resource = pytest.importorskip("resource", reason="no limit of descriptors to lower there")
    authority = tmp_path / "authority.pem"
    ca.cert_pem.write_to_path(str(authority))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            default_ssl_context()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert default_ssl_context().cert_store_stats()["x509"] == 1


def test_it_is_made_on_another_thread(loop, pump_until, monkeypatch):
    threads: list[threading.Thread] = []
    create = ssl.create_default_context

    def watched() -> ssl.SSLContext:
        threads.append(threading.current_thread())
        return create()

    monkeypatch.setattr(ssl, "create_default_context", watched)
    loaded: list[ssl.SSLContext] = []
    load_default_ssl_context(loop, loaded.append, pytest.fail)
    assert not loaded
    pump_until(lambda: loaded)
    assert loaded == [default_ssl_context()]
    assert threads != [threading.current_thread()]
    assert len(threads) == 1
