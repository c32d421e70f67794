"""The client of NATS: its stream cut anywhere, and what is none."""

from __future__ import annotations

import pytest

from demos.chat.nats import BadStreamError, NATSClient, Reader

STREAM = b"INFO {\"a\":1}\r\nPING\r\nMSG chat 1 5\r\na\r\nb!\r\nmsg x.y 2 reply 0\r\n\r\n+OK\r\n-ERR 'no'\r\n"
OPERATIONS = [
    ("INFO", '{"a":1}', b""),
    ("PING", "", b""),
    ("MSG", "chat 1 5", b"a\r\nb!"),
    ("MSG", "x.y 2 reply 0", b""),
    ("+OK", "", b""),
    ("-ERR", "'no'", b""),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(STREAM)])
def test_the_stream_may_be_cut_anywhere(size: int) -> None:
    reader = Reader()
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [operation for piece in pieces for operation in reader.feed(piece)] == OPERATIONS


@pytest.mark.parametrize("data", [b"MSG\r\n", b"MSG chat 1 many\r\n", b"MSG chat 1 -1\r\n", b"x" * 5000])
def test_what_is_no_stream_of_nats_is_refused(data: bytes) -> None:
    with pytest.raises(BadStreamError):
        list(Reader().feed(data))


def test_a_broker_needs_a_url(root) -> None:
    with pytest.raises(ValueError, match="urls"):
        NATSClient([], [], on_message=print, on_ready=print, on_lost=print, master=root)
