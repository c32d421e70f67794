"""The option protocol of Tk's widgets: ``configure``, ``cget``, ``keys`` and ``ws[option]``."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeAlias, Unpack, overload

from tkws.keywords import ConnectionKeywords, ServerKeywords
from tkws.options import ConnectionOptions, complete, describe

Description: TypeAlias = tuple[str, str, str, object, object]


class Configurable(ABC):
    """An object with options; the subclasses differ in the options that ``configure`` takes."""

    _options: ConnectionOptions

    @abstractmethod
    def _change(self, changes: Mapping[str, Any]) -> None:
        """Apply changed options."""

    def _configure(self, option: str | None, changes: Mapping[str, Any]) -> Any:
        if changes:
            self._change(changes)
            return None
        if option is None:
            return {name: describe(self._options, name) for name in self.keys()}
        return describe(self._options, complete(option, self.keys()))

    def cget(self, option: str) -> Any:
        """Return the value of an option, whose name may be abbreviated if unambiguous.

        Raises:
            TypeError: ``option`` is not an option.
        """
        return getattr(self._options, complete(option, self.keys()))

    def keys(self) -> list[str]:
        """Return the names of the options."""
        return [field.name for field in dataclasses.fields(self._options)]

    def __getitem__(self, option: str) -> Any:
        return self.cget(option)

    def __setitem__(self, option: str, value: Any) -> None:
        self._change({complete(option, self.keys()): value})


class ConfigurableConnection(Configurable):
    """A connection, whose options are `ConnectionOptions`."""

    @overload
    def configure(self) -> dict[str, Description]: ...
    @overload
    def configure(self, option: str) -> Description: ...
    @overload
    def configure(self, option: None = None, **changes: Unpack[ConnectionKeywords]) -> None: ...
    def configure(self, option: str | None = None, **changes: Any) -> Any:
        """Query or change options, as a Tk widget's ``configure`` does.

        Args:
            option: The option to describe; its name may be abbreviated if unambiguous, as in Tk.
            **changes: Options and their new values; see `ConnectionOptions`.

        Returns:
            Without arguments, the description of every option by name; with ``option``, its
            description: name, database name, database class, default and value. None for a change.

        Raises:
            TypeError: A name is not an option, or a value is of a wrong type.
            ValueError: A value is out of range.
            StateError: ``compression`` was changed after the opening handshake had begun.
        """
        return self._configure(option, changes)

    config = configure


class ConfigurableServer(Configurable):
    """A server, whose options are `ServerOptions`."""

    @overload
    def configure(self) -> dict[str, Description]: ...
    @overload
    def configure(self, option: str) -> Description: ...
    @overload
    def configure(self, option: None = None, **changes: Unpack[ServerKeywords]) -> None: ...
    def configure(self, option: str | None = None, **changes: Any) -> Any:
        """Query or change options, as a Tk widget's ``configure`` does.

        Options of connections apply to connections that are made later.

        Args:
            option: The option to describe; its name may be abbreviated if unambiguous, as in Tk.
            **changes: Options and their new values; see `ServerOptions`.

        Returns:
            Without arguments, the description of every option by name; with ``option``, its
            description: name, database name, database class, default and value. None for a change.

        Raises:
            TypeError: A name is not an option, or a value is of a wrong type.
            ValueError: A value is out of range.
            StateError: The process was forked.
        """
        return self._configure(option, changes)

    config = configure
