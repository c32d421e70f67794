"""``python -m tkws doctor``: what this machine has for tkws, and whether it works; for reports of issues.

Collects facts and measures; secrets, such as the password of a proxy, are left out.
"""

from __future__ import annotations

import json
import os
import platform
import ssl
import sys
import time
import tkinter
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TextIO
from urllib.request import getproxies

import tkws
from tkws.console.selftest import SelfTest
from tkws.console.terminal.status import Status
from tkws.errors import printable
from tkws.loop import Loop, TkLoop, loop_for
from tkws.net.proxyurl import parse_proxy

_PACKAGES = ("h11", "numpy", "idna", "socksio", "prompt_toolkit")

Section = Mapping[str, object]


def run(out: TextIO, *, as_json: bool = False, report_progress: Callable[[str], object] = str) -> Status:
    """Print the report.

    Args:
        out: The file to print to.
        as_json: Whether to print one JSON object instead of text.
        report_progress: Called with a sentence before the part that takes seconds.

    Returns:
        `Status.FAILED` if the self-test failed, otherwise `Status.CLEAN`.
    """
    root, no_display = _make_root()
    loop = loop_for(root)
    report: dict[str, Section] = {
        "tkws": _package(),
        "system": _system(),
        "Tk": _tk(root, no_display),
        "loop": _loop(loop),
        "TLS": _tls(),
        "proxies": proxies(getproxies()),
    }
    report_progress("Measuring for about three seconds ...")
    test = SelfTest(root, redraws=not no_display)
    try:
        report["self-test"] = test.run()
    finally:
        loop.close()
        if not no_display:
            root.destroy()
    print(json.dumps(report, indent=2) if as_json else as_text(report), file=out)
    return Status.FAILED if test.failed else Status.CLEAN


def as_text(report: Mapping[str, Section]) -> str:
    """Return the report as lines: a heading for each section, and an indented line for each fact."""
    width = max(len(name) for section in report.values() for name in section)
    lines = []
    for title, section in report.items():
        lines.append(title)
        lines += [f"  {name:<{width}}  {printable(_in_words(fact))}" for name, fact in section.items()]
    return "\n".join(lines)


def _in_words(fact: object) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return "none" if fact is None else str(fact)


def _make_root() -> tuple[tkinter.Tk, str]:
    """Return an interpreter with a hidden window; or, without a display, a bare one and the reason."""
    try:
        root = tkinter.Tk(className="tkws")
    except tkinter.TclError as error:
        return tkinter.Tcl(), str(error)
    root.withdraw()
    return root, ""


def _package() -> Section:
    return {"version": tkws.__version__} | {name: _version_of(name) for name in _PACKAGES}


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _system() -> Section:
    clock = time.get_clock_info("monotonic")
    return {
        "platform": platform.platform(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "GIL": getattr(sys, "_is_gil_enabled", lambda: True)(),
        "processors": os.cpu_count(),
        "open descriptors": _descriptor_limits(),
        "monotonic clock": f"{clock.implementation}, resolution {clock.resolution * 1000:g} ms",
    }


def _descriptor_limits() -> str:
    try:
        import resource
    except ImportError:  # Windows
        return "no limit that Python knows"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return f"at most {soft}, can be raised to {hard}"


def _tk(root: tkinter.Tk, no_display: str) -> Section:
    return {
        "version": root.tk.call("info", "patchlevel"),
        "window system": f"none: {no_display}" if no_display else root.tk.call("tk", "windowingsystem"),
        "threaded": bool(root.tk.call("info", "exists", "tcl_platform(threaded)")),
        "file handlers": hasattr(root.tk, "createfilehandler"),
    }


def _loop(loop: Loop) -> Section:
    notifier = os.environ.get("TKWS_NOTIFIER")
    if notifier:
        why = f"TKWS_NOTIFIER={notifier}"
    elif isinstance(loop, TkLoop):
        why = "Tk has file handlers"
    else:
        why = "Tk has no file handlers for the sockets of this process"
    return {"kind": type(loop).__name__, "chosen because": why}


def _tls() -> Section:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    return {
        "OpenSSL": ssl.OPENSSL_VERSION,
        "authorities found": context.cert_store_stats()["x509_ca"],
        "authorities file": paths.cafile,
        "authorities folder": paths.capath,
    }


def proxies(settings: Mapping[str, str]) -> Section:
    """Return the proxies of the environment without user names and passwords."""
    return {
        name: url if name == "no" else _without_secrets(url) for name, url in sorted(settings.items())
    } or {"found": False}


def _without_secrets(url: str) -> str:
    try:
        return str(parse_proxy(url))
    except ValueError as error:  # which shows nothing of the URL
        return f"not used: {error}"
