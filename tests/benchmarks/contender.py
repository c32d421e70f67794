"""One contender in its own process: ``python -m tests.benchmarks.contender NAME``, with its task as input."""

from __future__ import annotations

import importlib
import sys

from tests.benchmarks.orders import hear


def main() -> None:
    """Make the contender's window, connect or serve, and run its loop until the runner ends it."""
    module = importlib.import_module(f"tests.benchmarks.contenders.{sys.argv[1]}")
    task = hear()
    window = module.Window(task)
    if task["app"] == "crowd":
        module.serve(window)
    else:
        module.connect(window, task["port"])
    window.run()


if __name__ == "__main__":
    main()
