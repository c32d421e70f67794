"""Qt's QWebSocket in a window of PySide6: another toolkit, with its own loop in C++."""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

from PySide6.QtCore import QObject, QRect, QSocketNotifier, Qt, QTimer, QUrl
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtNetwork import QAbstractSocket, QHostAddress
from PySide6.QtWebSockets import QWebSocket, QWebSocketServer
from PySide6.QtWidgets import QApplication, QWidget

from tests.benchmarks import window
from tests.benchmarks.meter import REDRAW_MS, TICK_MS

LARGEST = 64 << 20


class Canvas(QWidget):
    """Draws a dot, and counts how often."""

    def __init__(self, owner: Window) -> None:
        super().__init__()
        self._owner = owner
        self.resize(320, 240)

    def paintEvent(self, event: QPaintEvent) -> None:
        step = self._owner.meter.repaints % 200
        QPainter(self).fillRect(QRect(step, step, 20, 20), Qt.GlobalColor.darkBlue)
        self._owner.meter.repaints += 1


class Window(window.Window):
    """A window of Qt's; a repaint is counted when it is painted.

    Attributes:
        adapter: Kept here, for Qt keeps no Python object alive.
    """

    adapter: object

    def open(self) -> None:
        self._application = QApplication([])
        self._canvas = Canvas(self)
        self._canvas.show()
        self._application.processEvents()
        self._orders = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        self._orders.activated.connect(self._obey)

    def run(self) -> None:
        self._application.exec()
        os._exit(0)

    def start_timers(self) -> None:
        self._ticks = QTimer(singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._ticks.timeout.connect(self._tick)
        self._redraws = QTimer(timerType=Qt.TimerType.PreciseTimer)
        self._redraws.timeout.connect(self._canvas.update)
        self._redraws.start(REDRAW_MS)
        self._expect()

    def _expect(self) -> None:
        self.meter.expect()
        self._ticks.start(TICK_MS)

    def _tick(self) -> None:
        self.meter.tick()
        self._expect()


class ClientAdapter(QObject):
    """Brings a client's signals to the app."""

    def __init__(self, window: Window, port: int) -> None:
        super().__init__()
        app = window.app
        self._app, self._socket = app, QWebSocket()
        self._socket.setMaxAllowedIncomingFrameSize(LARGEST)
        self._socket.setMaxAllowedIncomingMessageSize(LARGEST)
        self._socket.textMessageReceived.connect(app.received)
        self._socket.binaryMessageReceived.connect(self._received)
        self._socket.connected.connect(self._opened)
        self._socket.disconnected.connect(app.closed)
        self._socket.bytesWritten.connect(self._written)
        self._socket.open(QUrl(f"ws://127.0.0.1:{port}/"))

    def _opened(self) -> None:
        self._app.opened(self)

    def _received(self, message: Any) -> None:
        self._app.received(message.data())

    def _written(self, count: int) -> None:
        connected = self._socket.state() == QAbstractSocket.SocketState.ConnectedState
        if connected and self._app.window.meter.began:
            self._app.drained()

    def send(self, message: Any) -> None:
        if type(message) is str:
            self._socket.sendTextMessage(message)
        else:
            self._socket.sendBinaryMessage(message)

    def buffered(self) -> int:
        return int(self._socket.bytesToWrite())


class ServerAdapter(QObject):
    """Brings the signals of a server and its sockets to the app."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self._app: Any = window.app
        self._server = QWebSocketServer("benchmark", QWebSocketServer.SslMode.NonSecureMode)
        self._server.setMaxPendingConnections(128)
        self._server.newConnection.connect(self._accept)
        self._server.listen(QHostAddress.SpecialAddress.LocalHost, 0)
        self._clients: set[QWebSocket] = set()
        self._app.listening(self, self._server.serverPort())

    def _accept(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.textMessageReceived.connect(self._app.received)
            socket.disconnected.connect(functools.partial(self._leave, socket))
            self._clients.add(socket)
            self._app.joined(socket)

    def _leave(self, socket: QWebSocket) -> None:
        self._clients.discard(socket)
        self._app.left(socket)
        socket.deleteLater()

    def broadcast(self, message: str) -> None:
        for socket in self._clients:
            socket.sendTextMessage(message)


def connect(window: Window, port: int) -> None:
    window.adapter = ClientAdapter(window, port)


def serve(window: Window) -> None:
    window.adapter = ServerAdapter(window)
