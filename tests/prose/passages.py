"""The prose of a Python file: docstrings, comments, the sentences of errors and log lines."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LOGGING = {"debug", "info", "warning", "error", "exception", "critical"}


@dataclass(frozen=True)
class Passage:
    """A piece of prose.

    Attributes:
        line: Where it begins.
        text: As it stands there.
        of_function: Whether it is the docstring of a function or a method; not of a property.
    """

    line: int
    text: str
    of_function: bool = False


def passages(path: Path) -> Iterator[Passage]:
    """Yield the prose of a file, in no order."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    yield from _docstrings(tree)
    yield from _comments(source)
    yield from _messages(tree)


def _docstrings(tree: ast.Module) -> Iterator[Passage]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and (text := _text(node.value)):
            yield Passage(node.lineno, text, _is_first_of_function(tree, node))


def _is_first_of_function(tree: ast.Module, node: ast.Expr) -> bool:
    return any(
        isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and each.body[0] is node
        and not any("property" in ast.unparse(decorator) for decorator in each.decorator_list)
        for each in ast.walk(tree)
    )


def _comments(source: str) -> Iterator[Passage]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Passage(token.start[0], token.string.lstrip("# "))


def _messages(tree: ast.Module) -> Iterator[Passage]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from _strings(node.exc)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in LOGGING:
            yield from _strings(node)


def _strings(call: ast.Call) -> Iterator[Passage]:
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
        if any(map(_text, parts)):
            yield Passage(argument.lineno, "".join(_text(part) or "…" for part in parts))


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
