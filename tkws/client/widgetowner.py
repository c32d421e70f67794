"""Connections that end with a widget, such as those of a `Toplevel` that is closed."""

from __future__ import annotations

from tkws.connection.owner import not_of_a_server
from tkws.connection.session import Session
from tkws.loop.widgets import Widget, on_destroy


class WidgetOwner:
    """Ends one connection when a widget is destroyed; call `own` or `release`.

    Args:
        widget: The widget.

    Raises:
        StateError: The widget was destroyed already.
    """

    def __init__(self, widget: Widget) -> None:
        self._session: Session | None = None
        self._destroyed = False
        self._take_back = on_destroy(widget, self._end)

    def own(self, session: Session) -> None:
        """Become the owner of a connection."""
        self._session = session
        session.owner = self

    def release(self) -> None:
        """Look at the widget no longer."""
        self._take_back()

    def forget(self, session: Session) -> None:
        """Look at the widget no longer: the connection has ended."""
        if not self._destroyed:
            self._take_back()
        elif not session.loop.closed:  # this is a command of Tcl's, which is not deleted while it runs
            session.loop.call_soon(self._take_back)

    def disconnect_delivered(self, session: Session) -> None:
        """Do nothing: the connection has ended."""

    def join(self, session: Session, group: str) -> None:
        """Refuse: a client has no groups.

        Raises:
            StateError: Always.
        """
        raise not_of_a_server()

    def leave(self, session: Session, group: str) -> None:
        """Do nothing: it has joined no group."""

    def _end(self) -> None:
        session = self._session
        if session is not None and not self._destroyed:
            self._destroyed = True
            session.destroy()
            session.loop.cancel_on_close(session.destroy)
            session.loop.cancel_on_wake(session.reconnect_now)
