"""A part of a file on its way to a socket: by reading, and by the system itself."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from io import FileIO

import pytest

from tkws.net.bytequeue import CHUNK, ByteQueue
from tkws.net.filesource import FileSource


@pytest.fixture
def content(tmp_path):
    """``content(size)``: a file, open, and its bytes."""
    opened = []

    def content(size):
        data = os.urandom(1024) * (size // 1024 + 1)
        path = tmp_path / "file"
        path.write_bytes(data[:size])
        opened.append(FileIO(path))
        return opened[-1], data[:size]

    yield content
    for file in opened:
        file.close()


@pytest.fixture(params=[True, False], ids=["sendfile", "read"])
def sends(request, monkeypatch):
    """With and without `os.sendfile`."""
    if not request.param:
        monkeypatch.delattr(os, "sendfile", raising=False)
    elif not hasattr(os, "sendfile"):
        pytest.skip("this system has no sendfile")
    return request.param


def test_a_part_is_read_and_the_file_closed(content):
    file, data = content(100)
    source = FileSource(file, 10, 90)
    assert len(source) == 80
    assert source.read(30) == data[10:40]
    assert not file.closed
    assert source.read(1000) == data[40:90]
    assert len(source) == 0
    assert file.closed
    assert source.read(10) == b""


def test_nothing_of_a_file_is_nothing_to_read(content):
    file, _ = content(10)
    assert len(FileSource(file, 5, 5)) == 0
    assert file.closed


def test_a_source_that_is_closed_has_no_more(content):
    file, _ = content(100)
    source = FileSource(file, 0, 100)
    source.close()
    source.close()
    assert file.closed
    assert len(source) == 0


@pytest.mark.parametrize("size", [1, CHUNK - 1, 3 * CHUNK + 7])
def test_a_file_between_other_bytes(content, socket_pair, sends, size):
    file, data = content(size)
    near, far = socket_pair("unix")
    near.setblocking(False)
    queue, came = ByteQueue(), bytearray()
    source = FileSource(file, 0, size)
    assert source.sends is sends
    for piece in (b"head", source, b"tail"):
        queue.append(piece)
    while len(came) < size + 8:
        if queue.size:
            with suppress(BlockingIOError):
                queue.send(near)
        assert queue.size <= size + 8 - len(came)
        came += far.recv(1 << 20)
    assert came == b"head" + data + b"tail"
    assert queue.size == 0
    assert file.closed


def test_a_file_that_the_system_cannot_send_is_read(content, socket_pair, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "sendfile", refuse, raising=False)
    file, data = content(1000)
    near, far = socket_pair("unix")
    queue = ByteQueue()
    queue.append(FileSource(file, 0, 1000))
    while queue.size:
        queue.send(near)
    assert far.recv(2000) == data


def test_another_fault_of_sending_is_the_sockets(content, socket_pair, sends):
    file, _ = content(1000)
    near, far = socket_pair("unix")
    far.close()
    queue = ByteQueue()
    queue.append(FileSource(file, 0, 1000))
    with pytest.raises(ConnectionError):
        queue.send(near)
    assert queue.size == 1000


def test_a_file_that_became_shorter_is_an_error(content, socket_pair, sends, tmp_path):
    file, data = content(3 * CHUNK)
    near, far = socket_pair("unix")
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * CHUNK)
    queue = ByteQueue()
    queue.append(FileSource(file, 0, len(data)))
    os.truncate(tmp_path / "file", 100)

    def send_all():
        while queue.size:
            queue.send(near)

    with pytest.raises(OSError, match="became shorter"):
        send_all()
    assert queue.size
    near.close()
    came = far.recv(1000)
    assert data[:100].startswith(came)


def test_a_queue_gives_a_file_in_buffers_too(content):
    """As TLS takes it."""
    file, data = content(2 * CHUNK + 5)
    queue, came = ByteQueue(), bytearray()
    for piece in (b"head", FileSource(file, 0, len(data)), b"tail"):
        queue.append(piece)
    while queue.size:
        came += queue.take(CHUNK // 3)
    assert came == b"head" + data + b"tail"
