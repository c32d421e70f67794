"""Codecs, which convert values to messages and back: the interface, and the codec for JSON.

Knows nothing of connections. The module `json` is imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from tkws.asynchandlers import check_not_async, check_plain
from tkws.checks import Buffer, check_bytes_like
from tkws.errors import CodecError, StateError

if TYPE_CHECKING:
    from json import JSONDecoder, JSONEncoder

_TOO_DEEP = "nested too deeply"


class CodecLike(Protocol):
    """The type of the option ``codec``: any object, class or module with these two functions.

    An exception of ``encode`` propagates from `WebSocket.send_value`; one of ``decode`` becomes the cause of
    a `CodecError`.
    """

    def encode(self, value: Any, /) -> str | Buffer:
        """Return the message for a value: a ``str`` is sent as text, anything else as binary.

        Called in the thread that sends the value.
        """

    def decode(self, message: Any, /) -> Any:
        """Return the value of a message: a ``str`` if it was text, ``bytes`` if it was binary.

        Called in Tk's thread.
        """


class Codec:
    """A codec made of two functions, such as those of a library.

    The option ``codec`` also accepts any other object with these two attributes, such as a class or a module.

    Args:
        encode: Returns the message for a value: a ``str`` is sent as text, bytes-like as binary.
        decode: Returns the value of a message, which is a ``str`` if it was text and ``bytes`` if it was
            binary; an exception becomes the cause of a `CodecError`.

    Raises:
        TypeError: An argument is not callable.
    """

    def __init__(self, encode: Callable[[Any], str | Buffer], decode: Callable[[Any], Any]) -> None:
        check_plain("encode", encode, "(value)")
        check_plain("decode", decode, "(message)")
        self.encode: Callable[[Any], str | Buffer] = encode
        self.decode: Callable[[Any], Any] = decode


class JSONCodec:
    """The codec for JSON, strictly as in RFC 8259; `tkws.JSON` is the only instance."""

    def __repr__(self) -> str:
        return "tkws.JSON"

    def encode(self, value: Any) -> str:
        """Return a value as JSON text, without spaces.

        Args:
            value: A dict, list, tuple, str, int, float, bool or None, containing only these types. A key that
                is a number, a bool or None becomes a str.

        Raises:
            TypeError: ``value`` contains an object of another type.
            ValueError: ``value`` contains an infinite number, NaN or itself, or is nested too deeply.
        """
        try:
            text = self._encoder.encode(value)
        except RecursionError:
            raise ValueError(f"value: {_TOO_DEEP}") from None
        except (TypeError, ValueError) as error:
            if str(error).startswith("value: "):
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"value: {error}") from None
        return text if _is_sendable(text) else self._ascii_encoder.encode(value)

    def decode(self, message: str | Buffer) -> Any:
        """Return the value of JSON text.

        Args:
            message: The text, or its bytes in UTF-8.

        Raises:
            TypeError: ``message`` is neither a ``str`` nor bytes-like.
            ValueError: ``message`` is not valid JSON (NaN, infinite numbers and trailing data are invalid)
                or not UTF-8, is nested too deeply, or contains an integer that is too long for Python.
        """
        if not isinstance(message, str):
            message = check_bytes_like("message", message, "str or bytes-like").decode()
        try:
            return self._decoder.decode(message)
        except RecursionError:
            raise ValueError(_TOO_DEEP) from None

    @cached_property
    def _encoder(self) -> JSONEncoder:
        from json import JSONEncoder

        return JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_refuse_value)

    @cached_property
    def _ascii_encoder(self) -> JSONEncoder:
        from json import JSONEncoder

        return JSONEncoder(allow_nan=False, separators=(",", ":"))

    @cached_property
    def _decoder(self) -> JSONDecoder:
        from json import JSONDecoder

        return JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


JSON: Final = JSONCodec()
"""The codec for JSON."""


def encode_value(codec: CodecLike | None, value: object) -> str | Buffer:
    """Encode a value with the codec of a connection.

    Raises:
        StateError: There is no codec.
        TypeError: The codec returned neither a ``str`` nor bytes-like.
    """
    if codec is None:
        raise StateError(
            "there is no codec: pass codec=tkws.JSON, or another one, when the connection is opened; or use "
            "send_json"
        )
    message = codec.encode(value)
    if not isinstance(message, str):
        return check_bytes_like("codec", message, "one whose encode returns str or bytes-like")
    return message


def undecodable(cause: Exception, message: str | bytes) -> CodecError:
    """Return the error for a message from the peer that a codec could not decode."""
    error = CodecError(f"A message cannot be decoded: {cause}", message)
    error.__cause__ = cause
    return error


def check_codec(name: str, value: object) -> None:
    """Raise a TypeError if a value is not a codec."""
    if not (callable(getattr(value, "encode", None)) and callable(getattr(value, "decode", None))):
        what = "an object with encode(value) and decode(message), or None"
        raise TypeError(f"{name}: {what}, not {type(value).__name__}")
    codec: Any = value
    for method in ("encode", "decode"):
        check_not_async(name, getattr(codec, method), f"an object with a plain function {method}")


def _is_sendable(text: str) -> bool:
    """Tell whether a text can be encoded as UTF-8, which has no lone surrogates (JSON can escape them)."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(digits: str) -> float:
    """Convert to float; refuse a number like 1e999, which would become infinite."""
    number = float(digits)
    if number - number != 0:
        raise ValueError(f"too large for a float: {digits[:30]}")
    return number


def _refuse_constant(word: str) -> None:
    raise ValueError(f"JSON has no {word}")


def _refuse_value(value: object) -> None:
    what = "what JSON can hold (dict, list, str, int, float, bool, None)"
    raise TypeError(f"value: {what}, not {type(value).__name__}")
