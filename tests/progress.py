"""How a run in several processes tells of failures: each at once and in full; at the end, their names."""

from __future__ import annotations

from typing import Any

import pytest


class AtOnce:
    """Shows what failed when it fails.

    Args:
        config: Of the process that prints.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show a failure below the progress that was printed so far."""
        if report.failed:
            terminal: Any = self._config.pluginmanager.get_plugin("terminalreporter")
            terminal.write_line("")
            heading = f"{report.nodeid} ({report.when})" if report.when != "call" else report.nodeid
            terminal.write_sep("_", heading, red=True, bold=True)
            report.toterminal(terminal._tw)
            for name, text in report.sections:
                terminal.write_sep("-", name)
                terminal.write(text)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self) -> Any:
        """Leave out of the summary what was shown, but for the names."""
        style, self._config.option.tbstyle = self._config.option.tbstyle, "no"
        yield
        self._config.option.tbstyle = style
