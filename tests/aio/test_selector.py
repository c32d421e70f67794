"""The selector that hands over what Tk's loop found."""

from __future__ import annotations

import selectors
import socket

import pytest

from tkws.aio.selector import READ, WRITE, HostSelector
from tkws.loop import loop_for


@pytest.fixture
def found():
    return []


@pytest.fixture
def selector(notifier, root, found):
    selector = HostSelector(loop_for(root), lambda: found.append(1))
    yield selector
    selector.close()


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    near.setblocking(False)
    yield near, far
    near.close()
    far.close()


def test_what_is_found_is_handed_over_once(selector, found, pair, pump_until):
    near, far = pair
    key = selector.register(near, READ, "data")
    assert key == (near, near.fileno(), READ, "data")
    assert selector.select(0) == []
    far.send(b"x")
    pump_until(lambda: found)
    assert selector.select(None) == [(key, READ)]
    assert selector.select(0) == []


def test_both_directions(selector, found, pair, pump_until):
    near, far = pair
    far.send(b"x")
    key = selector.register(near, READ | WRITE)
    pump_until(lambda: len(found) > 1)
    assert selector.select(0) == [(key, READ | WRITE)]


def test_what_was_found_before_a_change_counts_only_as_far_as_it_is_asked_for(
    selector, found, pair, pump_until
):
    near, _ = pair
    selector.register(near, WRITE)
    pump_until(lambda: found)
    selector.modify(near, READ, "other")
    assert selector.select(0) == []
    assert selector.get_key(near).data == "other"
    selector.modify(near, WRITE)
    found.clear()
    pump_until(lambda: found)
    selector.unregister(near)
    assert selector.select(0) == []


def test_keys_are_found_by_object_and_descriptor(selector, pair):
    near, far = pair
    key = selector.register(near, READ)
    keys = selector.get_map()
    assert keys[near] == keys[near.fileno()] == key
    assert list(keys) == [near.fileno()]
    assert len(keys) == 1
    assert far not in keys
    assert keys.get(far) is None


def test_a_closed_object_is_found_all_the_same(selector, pair):
    near, _ = pair
    fd = near.fileno()
    selector.register(near, READ)
    near.close()
    assert selector.unregister(near).fd == fd


@pytest.mark.parametrize("events", [0, 4, READ | 8])
def test_events_that_are_none_are_refused(selector, pair, events):
    with pytest.raises(ValueError, match="invalid events"):
        selector.register(pair[0], events)
    selector.register(pair[0], READ)
    with pytest.raises(ValueError, match="invalid events"):
        selector.modify(pair[0], events)


@pytest.mark.parametrize("thing", [-1, "x", object()])
def test_what_is_no_file_is_refused(selector, thing):
    with pytest.raises(ValueError, match="invalid file"):
        selector.register(thing, READ)


def test_a_second_registration_is_refused(selector, pair):
    selector.register(pair[0], READ)
    with pytest.raises(KeyError, match="already registered"):
        selector.register(pair[0].fileno(), READ)


def test_what_is_not_registered_is_refused(selector, pair):
    for ask in (selector.unregister, selector.get_key, lambda what: selector.modify(what, READ)):
        with pytest.raises(KeyError, match="not registered"):
            ask(pair[0])


def test_a_file_that_cannot_be_waited_for_is_not_registered(selector, tmp_path):
    with (tmp_path / "file").open("wb") as file:
        if isinstance(selectors.DefaultSelector(), selectors.EpollSelector):
            with pytest.raises(PermissionError):
                selector.register(file, READ)
            assert not selector.get_map()


def test_what_is_held_is_not_watched_until_it_is_released(selector, root, found, pair, pump_until):
    near, far = pair
    key = selector.register(near, READ)
    selector.hold()
    far.send(b"x")
    pump_until(lambda: found)
    for _ in range(20):
        root.update()
    assert len(found) == 1
    selector.select(0)
    selector.release()
    pump_until(lambda: len(found) > 1)
    assert selector.select(0) == [(key, READ)]


@pytest.mark.parametrize("change", ["unregister", "modify"])
def test_what_is_held_can_be_changed(selector, found, pair, pump_until, change):
    near, _ = pair
    selector.register(near, WRITE)
    selector.hold()
    pump_until(lambda: found)
    if change == "unregister":
        selector.unregister(near)
    else:
        selector.modify(near, READ)
    selector.release()
    assert selector.select(0) == []


def test_it_waits_itself_after_it_has_left_its_host(selector, root, found, pair, pump_until):
    near, far = pair
    other, _ = selector.register(far, READ), selector.hold()
    near.send(b"x")
    pump_until(lambda: found)
    selector.leave_host()
    loop_for(root).close()
    assert selector.select(5) == [(other, READ)]
    selector.unregister(far)
    key = selector.register(near, READ)
    far.send(b"x")
    assert selector.select(5) == [(key, READ)]
    key = selector.modify(near, WRITE)
    assert selector.select(5) == [(key, WRITE)]
