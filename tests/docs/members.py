"""The public members of a class, and signatures, as their source has them."""

from __future__ import annotations

import ast
import enum
import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any

WIDTH = 96


@dataclass(frozen=True)
class Member:
    """An attribute or a method.

    Attributes:
        name: Its name.
        text: Its docstring.
        type: The annotation of an attribute.
        default: The default of an attribute, or the value of an enum's member.
        signature: Of a method.
    """

    name: str
    text: str
    type: str = ""
    default: str = ""
    signature: str = ""

    @property
    def is_method(self) -> bool:
        return bool(self.signature)


def members_of(kind: type, elsewhere: Container[type]) -> list[Member]:
    """Return the members that have a docstring, those of the base classes last.

    Args:
        kind: A class of the package.
        elsewhere: Base classes whose members are documented with these.
    """
    found: dict[str, Member] = {}
    package = kind.__module__.partition(".")[0]
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] == package and base not in elsewhere:
            for member in (*_attributes(base), *_methods(base)):
                found.setdefault(member.name, member)
    return list(found.values())


def documentation(name: str, value: object) -> str:
    """Return the docstring of a function, class or module, or the one after the assignment of a value."""
    if inspect.isroutine(value) or inspect.isclass(value) or inspect.ismodule(value):
        return inspect.getdoc(value) or ""
    module, _, own = name.rpartition(".")
    body = ast.parse(inspect.getsource(import_module(module))).body
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and own in {alias.name for alias in statement.names}:
            return documentation(f"{statement.module}.{own}", value)
    return next(text for target, text, _ in _assignments(body) if target == own)


@functools.cache
def _attributes(kind: type) -> list[Member]:
    """The annotated names and the members of an enum, with the docstrings that follow them."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    return [
        Member(name, text, *map(_source, (getattr(assignment, "annotation", None), assignment.value)))
        for name, text, assignment in _assignments(definition.body)
        if not name.startswith("_") and (text or issubclass(kind, enum.Enum))
    ]


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, str, ast.Assign | ast.AnnAssign]]:
    """Yield the names that are assigned, each with the docstring after it, which may be empty."""
    for statement, following in pairwise([*body, ast.Pass()]):
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name):
                yield target.id, ast.get_docstring(ast.Module([following], [])) or "", statement


def _source(node: ast.expr | None) -> str:
    text = ast.unparse(node) if node else ""
    return re.sub(r"(?:(\d+) \* )?([KM])IB", lambda found: f"{found[1] or 1} {found[2]}iB", text)


@functools.cache
def _methods(kind: type) -> list[Member]:
    """The methods and properties with a docstring."""
    found = []
    for name, value in vars(kind).items():
        text = inspect.getdoc(value) if not isinstance(value, str | int) else ""
        if (name.startswith("_") and name != "__call__") or not text:
            continue
        if isinstance(value, property | functools.cached_property):
            getter = value.fget if isinstance(value, property) else value.func
            found.append(Member(name, text, _annotation(getter.__annotations__.get("return", ""))))
        elif inspect.isroutine(value):
            unbound = isinstance(value, staticmethod | classmethod)
            shown = signature(name, getattr(kind, name), bound=not unbound)
            found.append(Member(name, text, signature=shown))
    return found


def signature(name: str, function: Callable[..., Any], *, bound: bool = False) -> str:
    """Return a signature, one argument a line if it is long.

    Args:
        name: The name to show.
        function: A function, or a class.
        bound: Whether the first argument is ``self``, and is left out.
    """
    made = inspect.signature(function)
    parameters = list(made.parameters.values())[bound:]
    words: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not any(word.startswith("*") for word in words):
            words.append("*")
        words.append(_parameter(parameter))
    positional = [each for each in parameters if each.kind is each.POSITIONAL_ONLY]
    if positional:
        words.insert(len(positional), "/")
    result = _annotation(made.return_annotation)
    end = ")" if result in ("", "None") else f") -> {result}"
    start = "async " if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function) else ""
    line = f"{start}{name}({', '.join(words)}{end}"
    if len(line) <= WIDTH:
        return line
    return "\n".join((f"{start}{name}(", *(f"    {word}," for word in words), end))


def _parameter(parameter: inspect.Parameter) -> str:
    star = {parameter.VAR_POSITIONAL.value: "*", parameter.VAR_KEYWORD.value: "**"}
    annotation = _annotation(parameter.annotation)
    text = star.get(parameter.kind.value, "") + parameter.name + (f": {annotation}" if annotation else "")
    if parameter.default is parameter.empty:
        return text
    return f"{text}{' = ' if annotation else '='}{_value(parameter.default)}"


def _value(value: object) -> str:
    if isinstance(value, enum.Enum):
        return str(value) if not isinstance(value, str) else repr(str(value))
    return getattr(value, "__name__", None) or repr(value)


def _annotation(annotation: Any) -> str:
    if annotation is inspect.Signature.empty:
        return ""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
