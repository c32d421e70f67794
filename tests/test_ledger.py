"""The books of the fault tests find each fault that they are for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import tkws
from tests.ledger import OWN_CLOSE, Ledger, Tally


class End:
    """Stands for a connection."""


WS, FIRST, SECOND, OLD, NEW = [End() for _ in range(5)]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def taking(ledger, count):
    """A connection that took ``count`` messages, of 20 bytes."""
    sent = []
    ws = SimpleNamespace(send=sent.append)
    for _ in range(count):
        assert ledger.send(ws, 20)
    return sent


def hear(ledger, ws, *messages):
    for message in messages:
        ledger.receiving(ws, "binary", message)


def test_all_that_was_sent_has_come(ledger):
    sent = taking(ledger, 3)
    hear(ledger, WS, *sent)
    ledger.sending(WS, "close", (OWN_CLOSE, ""))
    assert [len(message) for message in sent] == [20, 20, 20]
    assert ledger.tally() == Tally(sent=3, delivered=3, lost=0)


def test_text_counts_as_well(ledger):
    sent = []
    ledger.send(SimpleNamespace(send=sent.append), text=True)
    assert sent == ["000000000000"]
    ledger.receiving(WS, "text", sent[0])
    assert ledger.tally().delivered == 1


def test_what_a_close_tells_may_be_lost(ledger):
    sent = taking(ledger, 3)
    hear(ledger, FIRST, sent[0])
    ledger.sending(WS, "close", (1006, "reset"))
    hear(ledger, SECOND, *taking(ledger, 2))
    assert ledger.tally() == Tally(sent=5, delivered=3, lost=2)


@pytest.mark.parametrize("event", [None, ("close", (OWN_CLOSE, "")), ("error", tkws.WebSocketError("other"))])
def test_a_loss_that_is_not_told_is_found(ledger, event):
    hear(ledger, WS, *taking(ledger, 3)[:2])
    if event is not None:
        ledger.sending(WS, *event)
    with pytest.raises(AssertionError, match=r"range\(2, 3\) was lost and nothing told it"):
        ledger.tally()


def test_a_loss_of_the_life_before_is_not_excused_by_the_next_close(ledger):
    taking(ledger, 1)
    ledger.sending(WS, "close", (OWN_CLOSE, ""))
    hear(ledger, SECOND, *taking(ledger, 1))
    ledger.sending(WS, "close", (1006, ""))
    with pytest.raises(AssertionError, match=r"range\(0, 1\) was lost"):
        ledger.tally()


def test_what_came_twice_is_found(ledger):
    sent = taking(ledger, 2)
    hear(ledger, FIRST, *sent)
    hear(ledger, SECOND, sent[1])
    with pytest.raises(AssertionError, match="from 1 on came twice"):
        ledger.tally()


@pytest.mark.parametrize("order", [(1, 0), (0, 2, 1), (0, 2), (0, 0)])
def test_what_came_out_of_order_on_a_connection_is_found(ledger, order):
    sent = taking(ledger, 3)
    hear(ledger, WS, *(sent[place] for place in order))
    ledger.sending(WS, "close", (1006, ""))
    with pytest.raises(AssertionError, match="came behind"):
        ledger.tally()


def test_damage_is_found(ledger):
    [sent] = taking(ledger, 1)
    hear(ledger, WS, sent[:-1] + b"x")
    with pytest.raises(AssertionError, match="message 0 was damaged"):
        ledger.tally()


def test_messages_of_the_offline_buffer_are_told_one_by_one(ledger):
    sent = taking(ledger, 3)
    hear(ledger, WS, sent[0])
    ledger.sending(WS, "error", tkws.MessagesLost(sent[1:2]))
    with pytest.raises(AssertionError, match=r"range\(1, 3\) was lost.*told: \[range\(1, 2\)\]"):
        ledger.tally()


def test_a_state_error_of_a_ping_excuses_no_loss(ledger):
    taking(ledger, 2)
    ledger.sending(WS, "error", tkws.StateError("CLOSING"))
    with pytest.raises(AssertionError, match=r"range\(0, 2\) was lost"):
        ledger.tally()


def test_what_came_was_not_lost(ledger):
    sent = taking(ledger, 3)
    hear(ledger, WS, *sent)
    ledger.sending(WS, "error", tkws.MessagesLost(sent[1:]))
    with pytest.raises(AssertionError, match="from 1 on were told as not sent, and came"):
        ledger.tally()


def test_a_connection_may_skip_what_was_told_as_not_sent(ledger):
    sent = taking(ledger, 4)
    hear(ledger, WS, sent[0], sent[3])
    ledger.sending(WS, "error", tkws.MessagesLost(sent[1:3]))
    assert ledger.tally() == Tally(sent=4, delivered=2, lost=2)


def test_an_end_that_notices_late_still_tells_what_it_lost(ledger):
    ledger.sending(OLD, "connect", None)
    taking(ledger, 2)
    ledger.sending(NEW, "connect", None)
    hear(ledger, NEW, *taking(ledger, 1))
    ledger.sending(NEW, "close", (OWN_CLOSE, ""))
    ledger.sending(OLD, "close", (1006, "It was gone long ago"))
    assert ledger.tally() == Tally(sent=3, delivered=1, lost=2)


def test_a_loss_is_told_once(ledger):
    sent = taking(ledger, 2)
    for lost in (sent, sent[1:]):
        ledger.sending(WS, "error", tkws.MessagesLost(lost))
    with pytest.raises(AssertionError, match="from 1 on were told as not sent, and came or were told again"):
        ledger.tally()


def test_what_was_refused_at_the_call_was_not_sent(ledger):
    def refuse(message):
        raise tkws.StateError("CLOSED")

    assert not ledger.send(SimpleNamespace(send=refuse))
    assert ledger.refused == 1
    assert ledger.tally() == Tally(sent=0, delivered=0, lost=0)


def test_a_connection_that_has_ended_stays_in_the_books(ledger):
    hear(ledger, WS, *taking(ledger, 2))
    ledger.receiving(WS, "disconnect", "over")
    assert ledger.tally() == Tally(sent=2, delivered=2, lost=0)
