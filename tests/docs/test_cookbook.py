"""The cookbook's test and its configurations of nginx and Caddy run as they stand there."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tkinter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import tkws
from tests.peers import Log

PAGE = (Path(__file__).parents[2] / "docs" / "cookbook.md").read_text(encoding="utf-8")
FILES = dict(
    re.findall(
        r"^<!-- file: (test_label\.py|nginx\.conf|Caddyfile) -->\n```[^\n]*\n(.*?)^```$",
        PAGE,
        re.MULTILINE | re.DOTALL,
    )
)
PATIENCE = 60.0  # seconds


@pytest.mark.slow
def test_the_test_passes(pytester) -> None:
    (pytester.path / "conftest.py").write_text('pytest_plugins = ["tkws.testing.plugin"]\n', encoding="utf-8")
    (pytester.path / "test_label.py").write_text(FILES["test_label.py"], encoding="utf-8")
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-p", "no:xvfb", "-W", "error")
    result.assert_outcomes(passed=1)


def nginx(folder: Path, port: int, upstream: int) -> list[str]:
    """Write the page's configuration for these ports; return the command."""
    text = FILES["nginx.conf"].replace("listen 8080", f"listen 127.0.0.1:{port}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    text = text.replace("http {\n", f"http {{\naccess_log off;\n{places}")
    (folder / "nginx.conf").write_text(text.replace("8765", str(upstream)), encoding="utf-8")
    own = f"daemon off; master_process off; pid {folder}/pid; error_log stderr;"
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", own]


def caddy(folder: Path, port: int, upstream: int) -> list[str]:
    """Likewise; without a certificate, which Caddy would get for a name."""
    text = (
        FILES["Caddyfile"].replace("example.org", f"http://127.0.0.1:{port}").replace("8765", str(upstream))
    )
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{text}", encoding="utf-8")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@contextlib.contextmanager
def running(
    proxy: Callable[[Path, int, int], list[str]],
    folder: Path,
    upstream: int,
    pump_until: Callable[..., None],
) -> Iterator[int]:
    """Run a proxy and yield its port; if another program takes that first, try the next."""
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = proxy(folder, port, upstream)
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
            try:
                pump_until(partial(_has_begun, process, port), timeout=PATIENCE)
                if process.poll() is None:
                    yield port
                    return
            finally:
                process.terminate()
    pytest.fail(f"{proxy.__name__} does not run")


def _has_begun(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it listens, or has ended."""
    with socket.socket() as probe:
        return process.poll() is not None or probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.programs
@pytest.mark.parametrize("proxy", [nginx, caddy], ids=lambda proxy: proxy.__name__)
def test_the_proxy_passes_a_conversation_on(
    proxy: Callable[[Path, int, int], list[str]],
    root: tkinter.Tk,
    tmp_path: Path,
    pump_until: Callable[..., None],
) -> None:
    if shutil.which(proxy.__name__) is None:
        pytest.skip(f"{proxy.__name__} is not installed")
    server = tkws.serve(hosts=["example.org", "127.0.0.1"], trusted_proxies=["127.0.0.1"], master=root)
    there, here = Log(), Log()
    server.live("/", there)
    with running(proxy, tmp_path, server.port, pump_until) as port:
        ws = tkws.open(f"ws://127.0.0.1:{port}/", here, master=root, proxy=None)
        pump_until(lambda: here.open and there.open, timeout=PATIENCE)
        [inside] = server.connections
        assert inside.peername[0] == "127.0.0.1"
        ws.send("hello")
        pump_until(lambda: there.all("text") == ["hello"], timeout=PATIENCE)
        inside.send("back")
        pump_until(lambda: here.all("text") == ["back"], timeout=PATIENCE)
        ws.close()
        pump_until(lambda: here.over and there.over, timeout=PATIENCE)
    server.close()
