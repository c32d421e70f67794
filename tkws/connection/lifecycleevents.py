"""The events that tell a program how its connections begin, fail and end.

Knows the order of these events and which of them the program has not seen yet; does not know phases.
`tkws.connection.session` decides when each of them is due.
"""

from __future__ import annotations

from tkws.connection.attempt import End
from tkws.connection.delivery import Delivery
from tkws.connection.sending import Sending
from tkws.errors import OpenError, OpenTimeout
from tkws.protocol.closing import CloseCode
from tkws.protocol.events import Event

CLOSED_UNOPENED = int(CloseCode.ABNORMAL_CLOSURE), "Closed by this program before the connection was open"
"""The message of the `close` event of a connection that was not open."""


class LifecycleEvents:
    """Queues these events for one `WebSocket`; no method calls the handler.

    Args:
        delivery: Takes the events.
        sending: Knows the messages that will never be sent.

    Attributes:
        end: How the last attempt or connection ended; None before that.
        closed_unopened: Whether the program closed before the connection was open.
    """

    __slots__ = ("_delivery", "_disconnect_due", "_sending", "closed_unopened", "end")

    def __init__(self, delivery: Delivery, sending: Sending) -> None:
        self.end: End | None = None
        self.closed_unopened: bool = False
        self._delivery = delivery
        self._sending = sending
        self._disconnect_due = True  # False if the last `disconnect` was delivered before the life ended

    def queue_failure(self) -> None:
        """Queue `error` or `timeout` for a failed opening; the engine tells of other failures."""
        assert self.end is not None
        cause = self.end.cause
        if isinstance(cause, OpenError):
            event = Event.TIMEOUT if isinstance(cause, OpenTimeout) else Event.ERROR
            self._delivery.enqueue([(event, cause)])

    def queue_unsent(self) -> None:
        """Queue an `error` with the messages that will never be sent, if there are any."""
        self._delivery.enqueue(self._sending.close())

    def queue_disconnect(self) -> None:
        """Queue `disconnect`, unless the last one turned out to be final after it was delivered."""
        assert self.end is not None
        if self._disconnect_due:
            self._delivery.enqueue([(Event.DISCONNECT, self.end.sentence)])
        self._disconnect_due = True

    def queue_retry(self, end: End) -> None:
        """Queue `retry` for the next attempt."""
        self._delivery.enqueue([(Event.RETRY, (end.number, end.delay, end.cause))])

    def queue_closed_unopened(self) -> None:
        """Queue `close` and `disconnect` of a connection that the program closed before it was open."""
        if self.withdraw_retry():
            self.queue_unsent()
            self.queue_disconnect()
            return
        self.closed_unopened = True
        close, disconnect = (Event.CLOSE, CLOSED_UNOPENED), (Event.DISCONNECT, CLOSED_UNOPENED[1])
        self._delivery.enqueue([close, *self._sending.close(), disconnect])

    def withdraw_retry(self) -> bool:
        """Remove a queued `retry` and all events after it; the `disconnect` before it becomes the last.

        Returns:
            Whether there was one.
        """
        if not self._delivery.withdraw_from(Event.RETRY):
            return False
        self._disconnect_due = bool(self._delivery.withdraw_last(Event.DISCONNECT))
        return True
