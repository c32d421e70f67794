#!/usr/bin/env bash
# Measures tkws beside what else there is: bash tests/benchmarks/run.sh [SCENARIO...] [--rounds N] [--quick] [--write]
#
# Needs Linux, Xvfb and Python 3.11 with tkinter. Makes a virtual environment in .cache, once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/environment.sh

choose_python
has_xvfb || die "Install xvfb: each contender is a window."
make_venv bench bench
exec "$venv/bin/python" -m tests.benchmarks "$@"
