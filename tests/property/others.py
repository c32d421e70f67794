"""Other sans-IO implementations under the same bytes: the one in `websockets`, and `wsproto`.

Each gives a `tests.property.model.Verdict`. They have no limit on fragments and none, or another one, on
decompressed size, so the streams that they are given keep within all limits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri
from wsproto.extensions import Extension, PerMessageDeflate as PerMessageDeflateOfWsproto
from wsproto.frame_protocol import FrameProtocol, Opcode as WsprotoOpcode, ParseFailed

from tests.property.model import Rules, Verdict


def judge_websockets(pieces: Iterable[bytes], rules: Rules) -> Verdict:
    """What the sans-IO layer of `websockets` makes of a stream."""
    protocol: Protocol = ServerProtocol(state=State.OPEN, max_size=None)
    if not rules.masked:
        protocol = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    if rules.inflation is not None:
        bits, takeover = rules.inflation
        protocol.extensions = [PerMessageDeflate(not takeover, False, bits, 15)]
    frames: list[Any] = []
    for piece in pieces:
        protocol.receive_data(piece)
        frames += protocol.events_received()
    return _verdict_of_frames(frames, protocol)


def _verdict_of_frames(frames: list[Frame], protocol: Protocol) -> Verdict:
    events: list[tuple[str, Any]] = []
    opcode, parts = Opcode.CONT, b""
    for frame in frames:
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            events.append((frame.opcode.name.lower(), bytes(frame.data)))
        elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            opcode = opcode if frame.opcode is Opcode.CONT else frame.opcode
            parts += frame.data
            if frame.fin:
                try:
                    events.append(("text", parts.decode()) if opcode is Opcode.TEXT else ("binary", parts))
                except UnicodeDecodeError:  # it leaves text to whoever has the whole message
                    return Verdict(events, 1007, None)
                parts = b""
    received = protocol.close_rcvd
    close = None if received is None else (int(received.code), received.reason)
    sent = protocol.close_sent
    failed = received is None and sent is not None
    return Verdict(events, int(sent.code) if failed and sent is not None else None, close)


def judge_wsproto(pieces: Iterable[bytes], rules: Rules) -> Verdict:
    """What the frame layer of `wsproto` makes of a stream."""
    extensions: list[Extension] = []
    if rules.inflation is not None:
        bits, takeover = rules.inflation
        side = "client" if rules.masked else "server"
        deflate = PerMessageDeflateOfWsproto()
        setattr(deflate, f"{side}_no_context_takeover", not takeover)
        setattr(deflate, f"{side}_max_window_bits", bits)
        deflate._enabled = True
        extensions.append(deflate)
    protocol = FrameProtocol(client=not rules.masked, extensions=extensions)
    events: list[tuple[str, Any]] = []
    parts: list[Any] = []
    text = False
    try:
        for piece in pieces:
            protocol.receive_bytes(piece)
            for frame in protocol.received_frames():
                payload: Any = frame.payload
                if frame.opcode is WsprotoOpcode.CLOSE:
                    code, reason = payload
                    return Verdict(events, None, (int(code), reason or ""))
                if frame.opcode in (WsprotoOpcode.PING, WsprotoOpcode.PONG):
                    events.append((frame.opcode.name.lower(), bytes(payload)))
                    continue
                text = isinstance(payload, str)
                parts.append(payload if text else bytes(payload))
                if frame.message_finished:
                    events.append(("text", "".join(parts)) if text else ("binary", b"".join(parts)))
                    parts = []
    except ParseFailed as failure:
        return Verdict(events, int(failure.code), None)
    return Verdict(events, None, None)
