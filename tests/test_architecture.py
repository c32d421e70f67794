"""The shape of the package: its layers, and the house rules that a reader would otherwise have to check.

The arrows between the layers are contracts in ``pyproject.toml``, and import-linter holds them; here they
are run, and a made-up package that breaks each one proves that they can fail. What import-linter cannot
see is checked on the syntax trees: names private to another module, imports of the root from below, cycles,
imports by a computed name, dependencies that are not declared, files and functions that grew too long, and
what a module keeps from one call to the next, and what silences a linter without a reason.
"""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

pytestmark = pytest.mark.thorough

REPOSITORY = Path(__file__).parents[1]

# The run-time dependency, the extras, pytest, which whoever asks for the plugin has, and what only a type
# checker and mypyc import: anything else must come with Python.
DECLARED = {"h11", "idna", "numpy", "prompt_toolkit", "socksio", "pytest", "mypy_extensions"}

# What the rest of the package is built on: it knows nothing of the rest.
LOWER = (
    "tkws.checks",
    "tkws.compilation",
    "tkws.version",
    "tkws.errors",
    "tkws.plurals",
    "tkws.http",
    "tkws.protocol",
    "tkws.loop",
    "tkws.net",
)

# What stands above the root's public names, and so may import them from there.
ABOVE_THE_ROOT = ("tkws.__main__", "tkws.aio", "tkws.console", "tkws.testing")

# What is for programs and people, and who else in the package imports it. The console breaks connections with
# what the kit for tests has.
ENDS = (
    ("tkws.__main__", ("tkws.__main__",)),
    ("tkws.console", ("tkws.console", "tkws.__main__")),
    ("tkws.testing", ("tkws.testing", "tkws.console")),
)

VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}

# What silences a linter or the type checker, without a reason behind it.
SILENCED = re.compile(
    r"# (?:ruff: )?((?>noqa\b(?:: [A-Z0-9, ]*\d)?|type: ignore(?:\[[a-z, -]*\])?))(?! - \S| # \S)"
)

# Each line that the type checker must find is a test of what it is told.
WRONG_ON_PURPOSE = {"tests.test_types"}

# A longer one says "Long because ..." in the module's docstring.
FILE_LINES = 400
FUNCTION_LINES = 50

# Of all files, and of the functions' lines of code: their docstrings do not count, since what is explained at
# length is not hard to read.
MEDIAN_FILE_LINES = 180
MEDIAN_FUNCTION_LINES = 6
SHORT_FUNCTION_LINES = 20
SHORT_FUNCTIONS = 0.9

# What makes something that can be changed, in a module, where it outlives every call. What is only looked
# up is a tuple, a frozenset or a MappingProxyType.
CHANGEABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MAKES_CHANGEABLE = {
    "bytearray", "Counter", "count", "defaultdict", "deque", "dict", "fromkeys", "list", "OrderedDict", "set",
    "WeakKeyDictionary", "WeakSet", "WeakValueDictionary",
}  # fmt: skip

# What a module keeps all the same. Apart from the registry of connections, that belongs to the process or to
# an interpreter, of which the program hands over none: it calls tkws with a widget or from a signal.
STATE = {
    "tkws.connection.session.all_websockets": "the registry of live connections",
    "tkws.connection.session._parents": "those of the process that this one was forked off from",
    "tkws.loop._loops": "the loop of each interpreter, as long as that lives",
    "tkws.loop.process.open_loops": "the loops to close at exit, and to leave alone in a fork",
    "tkws.loop.signals._wakeup_fds": "the process has one wake-up descriptor for signals",
    "tkws.loop.signals._watched_fds": "likewise, those that asyncio has set",
    "tkws.aio.guest._guests": "the asyncio loop of each loop, as long as that is open",
    "tkws.commands.servers._agreements": "tcllib's `upgrade` is given the socket alone",
    "tkws.net.worker._lock": "the threads that look names up are the process's",
    "tkws.net.worker._waiting": "their jobs",
    "tkws.net.worker._threads": "their number",
    "tkws.asynchandlers._wrap": "`tkws.aio` registers itself when it is imported",
    "tkws.asynchandlers._start": "likewise",
    "tkws.protocol.masking._numpy": "numpy, once it is imported",
    "tkws.protocol.masking._numpy_loader": "the way to import it, at once or in a thread",
    "tkws.protocol.masking._numpy_requested": "whether that has begun",
    "tkws.loop.interpreter._serial": "numbers of Tcl commands, which must differ",
    "tkws.loop.widgets._serial": "likewise",
    "tkws.net.bytequeue._NOTHING": "can hold nothing: its length is 0",
}


@dataclass(frozen=True)
class Module:
    """One module's source, by its dotted name."""

    name: str
    source: str
    tree: ast.Module
    is_package: bool


@dataclass(frozen=True)
class Import:
    """One imported module, or a name out of it: ``name`` is empty for ``import module``."""

    module: str
    name: str
    line: int
    at_import_time: bool


def read_package(folder: Path) -> dict[str, Module]:
    """Every module of the package in ``folder``, by its dotted name."""
    modules = {}
    for path in sorted(folder.rglob("*.py")):
        parts = (folder.name, *path.relative_to(folder).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        source = path.read_text(encoding="utf-8")
        modules[name] = Module(name, source, ast.parse(source), is_package)
    return modules


def imports_of(module: Module) -> Iterator[Import]:
    """Every import statement of ``module``, wherever it stands."""
    later = {
        id(inner)
        for outer in ast.walk(module.tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) or is_type_checking(outer)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(module.tree):
        now = id(node) not in later
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, "", node.lineno, now)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(origin(module, node), alias.name, node.lineno, now)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def origin(module: Module, node: ast.ImportFrom) -> str:
    """The absolute name of the module that ``node`` imports from."""
    if node.level == 0:
        return node.module or ""
    parts = module.name.split(".")
    base = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def faults(folder: Path) -> list[str]:
    """What is wrong with the package in ``folder``, as ``"module:line: sentence"``."""
    modules = read_package(folder)
    found = [fault for module in modules.values() for fault in module_faults(module, modules)]
    return found + [f"{' -> '.join(cycle)}: modules import one another" for cycle in cycles(modules)]


def module_faults(module: Module, modules: Collection[str]) -> Iterator[str]:
    package = module.name.split(".")[0]
    if not VAGUE_NAMES.isdisjoint(module.name.split(".")):
        yield f"{module.name}:1: the name says nothing about the contents"
    for found in imports_of(module):
        where = f"{module.name}:{found.line}"
        top = found.module.split(".")[0]
        if top == package:
            if found.name.startswith("_") and not found.name.startswith("__"):
                yield f"{where}: {found.name} is private to {found.module}"
            target = found.module if found.module != package else f"{package}.{found.name}"
            if is_in(module.name, LOWER) and not is_in(target, LOWER):
                yield f"{where}: {target} stands above"
            elif any(is_in(target, (end,)) and not is_in(module.name, users) for end, users in ENDS):
                yield f"{where}: {target} is not for the rest of the package"
            elif found.module == package and not (target in modules or is_in(module.name, ABOVE_THE_ROOT)):
                yield f"{where}: only what stands above the root imports from it"
        elif top not in sys.stdlib_module_names and top not in DECLARED:
            yield f"{where}: {top} is not declared as a dependency"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            yield f"{module.name}:{node.lineno}: an import by a computed name hides from every check"
    yield from length_faults(module)
    yield from state_faults(module)
    yield from silenced(module)


def is_in(name: str, layers: tuple[str, ...]) -> bool:
    return any(name == layer or name.startswith(f"{layer}.") for layer in layers)


def length_faults(module: Module) -> Iterator[str]:
    if "Long because" in (ast.get_docstring(module.tree) or ""):
        return
    if (lines := len(module.source.splitlines())) > FILE_LINES:
        yield f"{module.name}:1: {lines} lines, more than {FILE_LINES}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            where = f"{module.name}:{node.lineno}"
            if (lines := code_lines(node)) > FUNCTION_LINES:
                yield f"{where}: {node.name}() has {lines} lines, more than {FUNCTION_LINES}"


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function, its docstring left out."""
    first = node.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if is_docstring else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


def state_faults(module: Module) -> Iterator[str]:
    for name, line in kept(module):
        if f"{module.name}.{name}" not in STATE:
            yield f"{module.name}:{line}: {name} can be changed, and outlives every call"


def silenced(module: Module) -> Iterator[str]:
    """Where a linter or the type checker is told to be silent, without the reason."""
    for token in tokenize.generate_tokens(io.StringIO(module.source).readline):
        if token.type == tokenize.COMMENT:
            for found in SILENCED.findall(token.string):
                yield f"{module.name}:{token.start[0]}: say why: {found}"


def kept(module: Module) -> Iterator[tuple[str, int]]:
    """The names of ``module`` that can change while the program runs, each with its line."""
    for node in statements(module.tree.body):
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and is_changeable(value):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if (name := ast.unparse(target)) != "__all__":
                    yield name, node.lineno
    for inner in ast.walk(module.tree):
        if isinstance(inner, ast.Global):
            yield from ((name, inner.lineno) for name in inner.names)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of a module, also within ``if``, ``try`` and ``with``, but not within functions and classes."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for part in ("body", "orelse", "finalbody"):
                yield from statements(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from statements(handler.body)


def is_changeable(value: ast.expr | None) -> bool:
    return isinstance(value, CHANGEABLE) or (
        isinstance(value, ast.Call)
        and ast.unparse(value.func).partition("[")[0].rpartition(".")[2] in MAKES_CHANGEABLE
    )


def cycles(modules: dict[str, Module]) -> list[list[str]]:
    """The cycles among the imports that are carried out when a module is imported."""
    arrows = {name: set(targets(module, modules)) - {name} for name, module in modules.items()}
    found: list[list[str]] = []
    finished: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
        elif name not in finished:
            for target in sorted(arrows[name]):
                visit(target, [*path, name])
            finished.add(name)

    for name in modules:
        visit(name, [])
    return found


def targets(module: Module, modules: dict[str, Module]) -> Iterator[str]:
    for found in imports_of(module):
        whole = f"{found.module}.{found.name}"
        target = whole if whole in modules else found.module
        if found.at_import_time and target in modules:
            yield target


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the contracts of ``folder``'s own pyproject.toml on the package that is in it."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=60, check=False)


def layers(container: str) -> list[str]:
    """Return the names in the contract that orders what `container` holds."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    [order] = [
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract.get("containers") == [container]
    ]
    return [name for layer in order for name in layer.split(" | ")]


def make_package(folder: Path, files: dict[str, str]) -> Path:
    package = folder / "tkws"
    for name in (
        "protocol",
        "loop",
        "net",
        "console",
        *(name.partition("/")[0] for name in files if "/" in name),
    ):
        (package / name).mkdir(parents=True, exist_ok=True)
        (package / name / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "errors.py").touch()
    for name, source in files.items():
        path = package / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return package


# ---- the package as it is


def test_the_package_keeps_its_contracts() -> None:
    result = lint_imports(REPOSITORY)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_package_keeps_the_house_rules() -> None:
    assert faults(REPOSITORY / "tkws") == []


def test_nothing_is_silenced_without_a_reason_in_tests_and_demos_either() -> None:
    modules = [module for name in ("tests", "demos") for module in read_package(REPOSITORY / name).values()]
    held = [module for module in modules if module.name not in WRONG_ON_PURPOSE]
    assert [found for module in held for found in silenced(module)] == []


def test_every_state_of_a_module_has_its_reason() -> None:
    modules = read_package(REPOSITORY / "tkws").values()
    found = {f"{module.name}.{name}" for module in modules for name, _ in kept(module)}
    assert found == set(STATE)


def test_most_files_and_functions_are_short() -> None:
    modules = read_package(REPOSITORY / "tkws").values()
    files = [len(module.source.splitlines()) for module in modules]
    functions = [
        code_lines(node)
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert median(files) <= MEDIAN_FILE_LINES
    assert median(functions) <= MEDIAN_FUNCTION_LINES
    assert sum(lines <= SHORT_FUNCTION_LINES for lines in functions) >= SHORT_FUNCTIONS * len(functions)


def test_the_package_says_that_it_is_typed() -> None:
    assert (REPOSITORY / "tkws" / "py.typed").exists()


# ---- the checks themselves, on packages made up to break them


def test_contracts_can_break(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    files = {
        "__main__": "",
        "checks": "",
        "commands/servers": "",
        **dict.fromkeys((f"console/{name}" for name in layers("tkws.console")), ""),
        "console/client": "import tkws.console.conversation\n",
        "console/live": "import tkws.console.log\n",
        "console/log": "import tkws.console.watch\n",
        "console/stray": "",
        "errors": "import tkws.loop\n",
        "connection/websocket": "import tkinter\nimport h11\n",
        "client/opening": "import tkws.serving.server\n",
        "serving/server": "import pytest\n",
        "handlers": "import tkinter\n",
        "jsonrpc/rpc": "",
        "http/messages": "",
        "http/server": "import h11\n",
        "aio/guest": "import tkinter\n",
        "http/fields": "import tkws.loop\nimport select\n",
        "protocol/frames": "import select, random, numpy\nfrom ..loop import timers\n",
        "protocol/masking": "import tkws.net.proxy\n",
        "protocol/numpyimport": "import numpy\n",
        "protocol/uri": "def later():\n    import socket\n",
        "protocol/engine": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import ssl\n",
        "loop/timers": "",
        "loop/tk": "import tkinter\nimport tkws.protocol.uri\n",
        "net/proxy": "import socksio\nimport tkws.http.messages\n",
        "net/tls": "import tkws.protocol.frames\n",
        "asynchandlers": "",
        "configurable": "",
        "keywords": "",
        "plurals": "",
        "codecs": "",
        "options": "",
        "testing/link": "",
    }
    make_package(tmp_path, files)
    result = lint_imports(tmp_path)
    said = re.sub(r"\s+", " ", result.stdout)
    assert result.returncode == 1, said
    for broken in (
        "tkws.errors -> tkws.loop",
        "tkws.connection.websocket -> tkinter",
        "tkws.serving.server -> pytest",
        "tkws.connection.websocket -> h11",
        "tkws.protocol.frames -> select",
        "tkws.protocol.frames -> random",
        "tkws.protocol.frames -> numpy",
        "tkws.protocol.frames -> tkws.loop.timers",
        "tkws.protocol.masking -> tkws.net.proxy",
        "tkws.protocol.uri -> socket",
        "tkws.protocol.engine -> ssl",
        "tkws.loop.tk -> tkws.protocol.uri",
        "tkws.net.tls -> tkws.protocol.frames",
        "tkws.client.opening -> tkws.serving.server",
        "tkws.http.fields -> tkws.loop",
        "tkws.http.fields -> select",
        "tkws.console.client -> tkws.console.conversation",
        "tkws.console.log -> tkws.console.watch",
        "tkws.console.stray",
    ):
        assert broken in said
    for allowed in (
        "tkws.handlers -> tkinter",
        "tkws.http.server -> h11",
        "tkws.aio.guest -> tkinter",
        "tkws.protocol.numpyimport -> numpy",
        "- tkws.net.proxy -> tkws.http.messages",
        "tkws.net.proxy -> socksio",
        "tkws.loop.tk -> tkinter",
        "tkws.console.live -> tkws.console.log",
    ):
        assert allowed not in said


LONG_FUNCTION = "def long():\n" + "    pass\n" * FUNCTION_LINES
LONG_DOCSTRING = 'def short():\n    """' + "\n" * FUNCTION_LINES + '"""\n'
LONG_FILE = "pass\n" * (FILE_LINES + 1)
EXCUSE = '"""A table.\n\nLong because it is one.\n"""\n'


@pytest.mark.parametrize(
    ("files", "blamed"),
    [
        ({"loop/tk": "from tkws.errors import WebSocketError\n"}, None),
        ({"loop/tk": "from .timers import _heap\n"}, "tkws.loop.tk:1: _heap is private to tkws.loop.timers"),
        ({"loop/tk": "from ..net.stream import _x\n"}, "tkws.loop.tk:1: _x is private to tkws.net.stream"),
        ({"loop/__init__": "from .tk import _x\n"}, "tkws.loop:1: _x is private to tkws.loop.tk"),
        ({"__init__": "from .errors import __doc__\n"}, None),
        ({"net/tls": "import tkws\n"}, "tkws.net.tls:1: tkws. stands above"),
        ({"net/tls": "from tkws import open\n"}, "tkws.net.tls:1: tkws.open stands above"),
        ({"net/tls": "from tkws import errors\n"}, None),
        ({"loop/tk": "from tkws.options import Options\n"}, "tkws.loop.tk:1: tkws.options stands above"),
        (
            {"errors": "def f():\n    import tkws.serving.server\n"},
            "tkws.errors:2: tkws.serving.server stands above",
        ),
        (
            {"serving/server": "from tkws import open\n"},
            "tkws.serving.server:1: only what stands above the root imports from it",
        ),
        ({"serving/server": "from tkws import errors\n"}, None),
        ({"console/window": "import tkws\n"}, None),
        ({"__main__": "import tkws.console.window\n"}, None),
        ({"testing/link": "from tkws.testing import reset\n"}, None),
        ({"console/window": "from tkws.testing import link\n"}, None),
        (
            {"serving/server": "import tkws.testing.link\n"},
            "tkws.serving.server:1: tkws.testing.link is not for the rest",
        ),
        (
            {"serving/server": "from tkws import console\n"},
            "tkws.serving.server:1: tkws.console is not for the rest",
        ),
        ({"net/tls": "def f():\n    import certifi\n"}, "tkws.net.tls:2: certifi is not declared"),
        ({"net/tls": "import ssl, h11, socksio.exceptions\n"}, None),
        ({"net/tls": "__import__('h11')\n"}, "tkws.net.tls:1: an import by a computed name"),
        ({"net/tls": "import importlib\nimportlib.import_module(x)\n"}, "tkws.net.tls:2: an import by"),
        (
            {"net/a": "from tkws.net import b\n", "net/b": "import tkws.net.a\n"},
            "tkws.net.a -> tkws.net.b -> tkws.net.a",
        ),
        ({"net/a": "from tkws.net import b\n", "net/b": "def f():\n    import tkws.net.a\n"}, None),
        ({"net/utils": ""}, "tkws.net.utils:1: the name says nothing"),
        ({"net/a": LONG_FILE}, "tkws.net.a:1: 401 lines, more than 400"),
        ({"net/a": EXCUSE + LONG_FILE}, None),
        ({"net/a": LONG_FUNCTION}, r"tkws.net.a:1: long\(\) has 51 lines, more than 50"),
        ({"net/a": LONG_DOCSTRING}, None),
        ({"net/a": "seen = []\n"}, "tkws.net.a:1: seen can be changed"),
        ({"net/a": "seen: dict[str, int] = {}\n"}, "tkws.net.a:1: seen can be changed"),
        ({"net/a": "try:\n    x = 1\nexcept E:\n    seen = {1}\n"}, "tkws.net.a:4: seen can be changed"),
        ({"net/a": "if x:\n    pass\nelse:\n    seen = deque[int](x)\n"}, "tkws.net.a:4: seen can be"),
        ({"net/a": "seen = dict.fromkeys(x)\n"}, "tkws.net.a:1: seen can be changed"),
        ({"net/a": "def f():\n    global seen\n    seen = 1\n"}, "tkws.net.a:2: seen can be changed"),
        ({"net/a": "SEEN = MappingProxyType({1: 2})\n__all__ = ['SEEN']\n"}, None),
        ({"net/a": "class A:\n    def f(self):\n        seen = []\n"}, None),
        ({"net/a": "import ssl  # noqa: F401\n"}, "tkws.net.a:1: say why: noqa: F401"),
        ({"net/a": "\nimport ssl  # noqa\n"}, "tkws.net.a:2: say why: noqa"),
        ({"net/a": "a = b()  # type: ignore[a-b, c]\n"}, r"tkws.net.a:1: say why: type: ignore\[a-b, c\]"),
        ({"net/a": "a = b()  # type: ignore[a] # noqa: F1, F2\n"}, "tkws.net.a:1: say why: noqa: F1, F2"),
        ({"net/a": "a = b()  # type: ignore[a] # noqa: F1, F2 - why\n"}, None),
        ({"net/a": "import ssl  # noqa: F401 - why\na = b()  # type: ignore[a] # why\n"}, None),
    ],
)
def test_house_rules_can_break(tmp_path: Path, files: dict[str, str], blamed: str | None) -> None:
    found = faults(make_package(tmp_path, files))
    if blamed is None:
        assert found == []
    else:
        assert len(found) == 1
        assert re.match(blamed, found[0])
