"""Masking, with numpy and without it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tracemalloc

import numpy
import pytest

from tests.protocol.wire import xor as bytewise
from tkws.protocol import masking
from tkws.protocol.masking import (
    NUMPY_THRESHOLD,
    MaskedPayload,
    MaskPool,
    apply_mask,
    mask_in_place,
    set_numpy_loader,
    xor,
)

MASK = b"\x01\xfe\x80\x7f"
SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 125, NUMPY_THRESHOLD, *range(NUMPY_THRESHOLD + 1, NUMPY_THRESHOLD + 10)]


@pytest.fixture(params=["numpy", "integers"])
def _method(request, monkeypatch):
    monkeypatch.setattr(masking, "_numpy_requested", True)
    monkeypatch.setattr(masking, "_numpy", numpy if request.param == "numpy" else None)


@pytest.fixture
def _not_loaded(monkeypatch):
    """numpy was never missed, and nobody has said how it is to be loaded."""
    monkeypatch.setattr(masking, "_numpy_requested", False)
    monkeypatch.setattr(masking, "_numpy", None)
    monkeypatch.setattr(masking, "_numpy_loader", masking._load_now)


# The pool


def test_masks_are_cut_from_the_pool_one_after_the_other():
    drawn = []

    def random_bytes(size):
        drawn.append(os.urandom(size))
        return drawn[-1]

    pool = MaskPool(random_bytes)
    assert not drawn
    masks = [pool.next() for _ in range(3000)]
    assert {len(mask) for mask in masks} == {4}
    assert b"".join(drawn).startswith(b"".join(masks))
    assert 1 < len(drawn) < 10


def test_a_pool_that_forgets_begins_anew():
    drawn = []

    def random_bytes(size):
        drawn.append(os.urandom(size))
        return drawn[-1]

    pool = MaskPool(random_bytes)
    pool.next()
    pool.forget()
    assert pool.next() == drawn[1][:4]


# The XOR


@pytest.mark.thorough
@pytest.mark.usefixtures("_method")
@pytest.mark.parametrize("offset", [0, 1, 2, 3, 4, 65537])
@pytest.mark.parametrize("size", SIZES)
def test_a_payload_is_masked_and_unmasked(size, offset):
    payload = os.urandom(size)
    expected = bytewise(bytes(offset % 4) + payload, MASK)[offset % 4 :]
    for data in (payload, bytearray(payload), memoryview(payload)):
        masked = apply_mask(data, MASK, offset)
        assert masked == expected
        assert type(masked) is bytes
        assert data == payload
    assert apply_mask(expected, MASK, offset) == payload
    buffer = bytearray(payload)
    mask_in_place(buffer, MASK, offset)
    assert buffer == expected


@pytest.mark.usefixtures("_method")
@pytest.mark.parametrize("size", SIZES)
def test_a_part_of_a_buffer_is_masked_where_it_is(size):
    payload = os.urandom(size)
    buffer = bytearray(b"<<<" + payload + b">>>")
    mask_in_place(memoryview(buffer)[3:-3], MASK)
    assert buffer == b"<<<" + bytewise(payload, MASK) + b">>>"


@pytest.mark.usefixtures("_method")
def test_a_payload_may_be_masked_in_parts():
    payload = os.urandom(9000)
    parts = [payload[start : start + 3001] for start in range(0, 9000, 3001)]
    whole = b"".join(apply_mask(part, MASK, 3001 * index) for index, part in enumerate(parts))
    assert whole == apply_mask(payload, MASK)


@pytest.mark.usefixtures("_method")
@pytest.mark.parametrize("size", SIZES)
def test_xor_takes_any_key(size):
    data, key = os.urandom(size), os.urandom(size)
    assert xor(data, key) == bytes(a ^ b for a, b in zip(data, key, strict=True))


def test_masks_of_zeros_and_leading_zeros_keep_the_size():
    assert apply_mask(bytes(10), bytes(4)) == bytes(10)
    assert apply_mask(b"\x00\x00\x00\x05", b"\x00\x00\x00\x05") == bytes(4)


@pytest.mark.usefixtures("_method")
def test_more_than_one_integer_holds_is_masked_in_steps():
    payload = os.urandom(2 * masking._INTEGER_SIZE + 5)
    assert apply_mask(payload, MASK, 3) == bytewise(bytes(3) + payload, MASK)[3:]


# What is masked as it is read


@pytest.mark.usefixtures("_method")
@pytest.mark.parametrize("step", [1, 7, 1021, NUMPY_THRESHOLD + 8, 4 * NUMPY_THRESHOLD + 3, 1 << 20])
def test_a_payload_is_masked_as_it_is_read(step):
    payload = os.urandom(10_007)
    masked, read = MaskedPayload(payload, MASK), bytearray()
    while masked:
        piece = masked.read(step)
        assert len(piece) == min(step, len(payload) - len(read))
        read += piece
        assert len(masked) == len(payload) - len(read)
    assert read == apply_mask(payload, MASK)
    assert len(masked.read(step)) == 0


def test_a_part_for_which_there_is_no_memory_is_read_again(monkeypatch):
    payload = os.urandom(4 * NUMPY_THRESHOLD)
    masked = MaskedPayload(payload, MASK)
    size = 2 * NUMPY_THRESHOLD

    def refuse(*_, **__):
        raise MemoryError

    masking.load_numpy()
    with monkeypatch.context() as patch:
        patch.setattr(numpy, "bitwise_xor", refuse)
        with pytest.raises(MemoryError):
            masked.read(size)
    assert b"".join(bytes(masked.read(size)) for _ in range(3)) == apply_mask(payload, MASK)


@pytest.mark.usefixtures("_method")
def test_what_was_read_stays_as_it_is():
    payload = os.urandom(1 << 16)
    masked = MaskedPayload(payload, MASK)
    pieces = [masked.read(5000) for _ in range(14)]
    assert b"".join(pieces) == apply_mask(payload, MASK)


# numpy


def test_numpy_masks_a_buffer_without_a_copy_of_it():
    buffer = bytearray(1 << 20)
    mask_in_place(buffer, MASK)
    tracemalloc.start()
    try:
        mask_in_place(buffer, MASK)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 17
    assert buffer == bytes(1 << 20)


@pytest.mark.usefixtures("_not_loaded")
def test_a_small_payload_does_not_ask_for_numpy():
    set_numpy_loader(lambda load: pytest.fail("numpy was asked for"))
    apply_mask(bytes(NUMPY_THRESHOLD), MASK)
    mask_in_place(bytearray(NUMPY_THRESHOLD), MASK)
    xor(bytes(NUMPY_THRESHOLD), bytes(NUMPY_THRESHOLD))


@pytest.mark.usefixtures("_not_loaded")
def test_the_first_large_payload_loads_numpy():
    apply_mask(bytes(NUMPY_THRESHOLD + 1), MASK)
    assert masking._numpy is numpy


@pytest.mark.usefixtures("_not_loaded")
def test_numpy_may_be_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert apply_mask(bytes(NUMPY_THRESHOLD + 4), MASK) == MASK * (NUMPY_THRESHOLD // 4 + 1)
    assert masking._numpy is None


@pytest.mark.usefixtures("_not_loaded")
def test_numpy_may_be_out_of_reach_for_want_of_a_descriptor(monkeypatch):
    class Exhausted:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "numpy":
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.delitem(sys.modules, "numpy")
    monkeypatch.setattr(sys, "meta_path", [Exhausted])
    assert apply_mask(bytes(NUMPY_THRESHOLD + 4), MASK) == MASK * (NUMPY_THRESHOLD // 4 + 1)
    assert masking._numpy is None


@pytest.mark.usefixtures("_not_loaded")
def test_integers_do_the_work_until_numpy_is_loaded():
    started = []
    set_numpy_loader(started.append)
    payload = bytes(NUMPY_THRESHOLD + 4)
    masked = apply_mask(payload, MASK)
    assert apply_mask(payload, MASK) == masked
    assert xor(payload, masked) == masked
    assert masking._numpy is None
    [load] = started  # once
    load()
    assert masking._numpy is numpy
    assert apply_mask(payload, MASK) == masked


def test_numpy_is_not_imported_with_the_package():
    program = "import sys, tkws.protocol.engine; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
