#!/usr/bin/env bash
# Runs the test suite: bash tests/run.sh [ARGUMENTS OF PYTEST]
#
# Needs Python 3.11 or newer with tkinter (PYTHON=... names one). Makes a virtual environment in .cache, once.
# TKWS_NOTIFIER=polled runs everything on the polled loop.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/environment.sh

has_tcllib() { [ "$(echo 'puts [catch {package require websocket}]' | tclsh 2>/dev/null)" = 0 ]; }

# has PROGRAM...: whether all of them are there.
has() {
    local program
    for program in "$@"; do
        PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || return 1
    done
}

# want WHAT "PROGRAM..." "PACKAGE...": sees that programs are there which tests of WHAT need.
want() {
    # shellcheck disable=SC2086 # lists of words
    has $2 || { install_packages $3 && has $2; } || say "Install $2, or the tests of $1 are skipped."
}

choose_python
has_screen || has_xvfb || say "There is no screen: install xvfb, or the tests of windows are skipped."
has_tcllib || { install_packages tcl tcllib && has_tcllib; } ||
    say "Install tcllib, or the tests against its websocket package are skipped."
want "network namespaces" "ip" "iproute2"
want "proxies" "tinyproxy squid microsocks danted" "tinyproxy-bin squid microsocks dante-server"
want "a reverse proxy" "nginx" "nginx-light"
want "a window that a person uses" "xdotool" "xdotool"
want "node's packages" "node npm" "nodejs npm"
want "a browser" "chromium" "chromium"
make_node || say "The packages of tests/interop/node are not there: the tests against them are skipped."
want "curl" "curl" "curl"
want "a message broker" "nats-server" "nats-server"
make_venv test test
exec "$venv/bin/python" -m pytest "$@"
