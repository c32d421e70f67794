#!/usr/bin/env bash
# Runs the test suite: bash tests/run.sh [ARGUMENTS OF PYTEST]
#
# Needs Python 3.11 or newer with tkinter (PYTHON=... names one). Makes a virtual environment in .cache, once.
# TKWS_NOTIFIER=polled runs everything on the polled loop.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/environment.sh

has_tcllib() { [ "$(echo 'puts [catch {package require websocket}]' | tclsh 2>/dev/null)" = 0 ]; }

has_proxies() {
    local program
    for program in tinyproxy squid microsocks danted nginx; do
        PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || return 1
    done
}

choose_python
has_screen || has_xvfb || say "There is no screen: install xvfb, or the tests of windows are skipped."
has_tcllib || { install_packages tcl tcllib && has_tcllib; } ||
    say "Install tcllib, or the tests against its websocket package are skipped."
has_proxies || { install_packages tinyproxy-bin squid microsocks dante-server nginx-light && has_proxies; } ||
    say "Install tinyproxy, squid, microsocks, dante and nginx, or the tests through them are skipped."
make_venv test test
exec "$venv/bin/python" -m pytest "$@"
