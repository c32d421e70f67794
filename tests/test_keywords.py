"""The types of keyword options are those of the options, so a new one is added to both; `help` names each."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing

import pytest

import tkws
import tkws.aio
import tkws.testing
from tkws import keywords
from tkws.aio import keywords as aio_keywords
from tkws.aio.client import ARGUMENTS, OPTIONS
from tkws.aio.server import ARGUMENTS as SERVER_ARGUMENTS
from tkws.options import ConnectionOptions, ServerOptions


def hints(kind: type) -> dict[str, object]:
    """The annotations of a class and its bases, as they are written."""
    return {
        name: getattr(hint, "__forward_arg__", hint)
        for base in reversed([kind, *getattr(kind, "__orig_bases__", ()), *kind.__mro__])
        for name, hint in inspect.get_annotations(base).items()
        if base is not object
    }


def fields(options: type) -> dict[str, object]:
    return {field.name: field.type for field in dataclasses.fields(options)}


def keyword_arguments(function) -> dict[str, object]:
    return {
        parameter.name: parameter.annotation
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name != "master"
    }


def without(name: str, hints: dict[str, object]) -> dict[str, object]:
    return {key: hint for key, hint in hints.items() if key != name}


def test_the_keywords_of_a_connection_are_its_options():
    options = fields(ConnectionOptions)
    assert hints(keywords.ConnectionKeywords) == options
    assert hints(keywords.ClientKeywords) == without("handler", options)
    assert hints(keywords.SharedKeywords) == without("compression", without("handler", options))


def test_the_keywords_of_a_server_are_its_options():
    assert hints(keywords.ServerKeywords) == fields(ServerOptions)


def test_the_keywords_of_aio_are_those_of_the_commands_with_the_names_of_websockets():
    options, arguments = hints(keywords.SharedKeywords), keyword_arguments(tkws.open)
    client, server = hints(aio_keywords.ConnectKeywords), hints(aio_keywords.ServeKeywords)
    off = {"ping_interval", "ping_timeout"}  # None turns these off
    renamed = {
        theirs: f"{options[ours]}{' | None' if theirs in off else ''}" for theirs, ours in OPTIONS.items()
    }
    expected = {**options, **renamed, "compression": "Compression"}
    assert client == {
        **expected, **arguments, **{theirs: arguments[ours] for theirs, ours in ARGUMENTS.items()}
    }  # fmt: skip
    assert server == {
        **expected,
        **hints(keywords.ServerOnlyKeywords),
        **without("host", keyword_arguments(tkws.serve)),
        **{theirs: fields(ServerOptions)[ours] for theirs, ours in SERVER_ARGUMENTS.items()},
    }


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (tkws.open, keywords.ClientKeywords),
        (tkws.takeover, keywords.ClientKeywords),
        (tkws.testing.connected_pair, keywords.ClientKeywords),
        (tkws.configure, keywords.ConnectionKeywords),
        (tkws.server, keywords.ServerKeywords),
        (tkws.serve, keywords.ServerKeywords),
        (tkws.aio.connect.__init__, aio_keywords.ConnectKeywords),
        (tkws.aio.serve.__init__, aio_keywords.ServeKeywords),
    ],
)
def test_each_function_takes_its_keywords(function, kind):
    options = inspect.signature(function).parameters["options"]
    assert options.kind is options.VAR_KEYWORD
    assert options.annotation == f"Unpack[{kind.__name__}]"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(tkws.WebSocket, keywords.ConnectionKeywords), (tkws.Server, keywords.ServerKeywords)],
)
def test_a_change_takes_its_keywords(kind, expected):
    *_, change = typing.get_overloads(kind.configure)
    assert inspect.signature(change).parameters["changes"].annotation == f"Unpack[{expected.__name__}]"


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (tkws.open, hints(keywords.ClientKeywords)),
        (tkws.serve, [*hints(keywords.ServerOnlyKeywords), "handler"]),
    ],
)
def test_help_names_each_option(function, names):
    _, _, options = inspect.getdoc(function).partition("**options: ")
    told, *_ = re.split(r"[Ss]ee\s+`", options)
    assert set(re.findall("``(\\w+)``", told)) == set(names)
