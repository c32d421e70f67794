"""Dialling: the first address that answers wins, and nothing is left of the others."""

from __future__ import annotations

import pytest

from tkws.net import Dial, Listener, numeric_endpoint


def test_dials_what_listens(loop, pump_until):
    accepted, connected = [], []
    listener = Listener.tcp(loop, "127.0.0.1", 0, lambda sock, address: accepted.append((sock, address)))
    Dial(loop, [numeric_endpoint("127.0.0.1", listener.port)], connected.append, pytest.fail)
    pump_until(lambda: accepted and connected)
    assert connected[0].getsockname() == accepted[0][1]
    for sock in (accepted[0][0], *connected, listener):
        sock.close()
