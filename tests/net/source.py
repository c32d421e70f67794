"""Bytes that are made as they are read."""

from __future__ import annotations


class Made:
    """A source of ``data``; it writes down how much each read asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.reads: list[int] = []

    def __len__(self) -> int:
        return len(self._data)

    def read(self, size: int) -> bytearray:
        assert size > 0
        self.reads.append(size)
        part, self._data = self._data[:size], self._data[size:]
        return bytearray(part)
