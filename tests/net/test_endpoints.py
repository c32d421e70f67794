"""Addresses, read and written without looking anything up."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tkws.net import Endpoint, endpoints, numeric_endpoint, unix_endpoint


@pytest.mark.parametrize(
    ("host", "text"),
    [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80")],
)
def test_a_numeric_endpoint_is_written_as_in_a_url(host, text):
    assert str(numeric_endpoint(host, 80)) == text


@pytest.mark.parametrize("host", ["localhost", "example.org", "", "bücher.example", "::1::", "nul\0"])
def test_a_name_is_no_numeric_endpoint(host):
    assert numeric_endpoint(host, 80) is None


def test_a_unix_endpoint_is_its_path(tmp_path):
    assert unix_endpoint(tmp_path / "it") == Endpoint(socket.AF_UNIX, str(tmp_path / "it"))
    assert str(unix_endpoint("it")) == "it"
    with pytest.raises(TypeError):
        unix_endpoint(7)


def test_a_system_without_unix_sockets_says_so(monkeypatch):
    monkeypatch.delattr(endpoints.socket, "AF_UNIX")
    with pytest.raises(OSError, match="no Unix sockets"):
        unix_endpoint(Path("it"))
