#!/usr/bin/env bash
# Runs the tests: bash tests/run.sh [--quick | --all] [ARGUMENTS OF PYTEST]
#
#   bash tests/run.sh            all tests but the slow ones
#   bash tests/run.sh --quick    no slow or thorough ones, no windows, no other programs: about a minute
#   bash tests/run.sh --all      all tests
#   bash tests/run.sh tests/protocol -k close    tests that are named run, slow or not
#
# As many processes run them as there are cores; one does if a single file is named. Says what it installs, and asks
# if it is run in a terminal. Needs Python 3.11 or newer with tkinter (PYTHON=... names one). Makes a virtual
# environment in .cache, once. TKWS_NOTIFIER=channel or =polled runs everything on that loop. TKWS_COMPILE=1 compiles
# tkws, and tests it as it is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/environment.sh

# What tests need: a check; the Debian packages that make it pass; whose tests are skipped if it does not.
needs=(
    "has_virtual_screens|xvfb|windows"
    "has_tcllib|tcl tcllib|tcllib's websocket package"
    "has ip|iproute2|network namespaces"
    "has tinyproxy squid microsocks danted|tinyproxy-bin squid microsocks dante-server|proxies"
    "has nginx|nginx-light|a reverse proxy"
    "has xdotool|xdotool|a window that a person uses"
    "has node npm|nodejs npm|node's packages"
    "has chromium|chromium|a browser"
    "has curl|curl|curl"
    "has nats-server|nats-server|a message broker"
)

has_virtual_screens() { [ "$(uname)" != Linux ] || has Xvfb; }

# Windows of two processes on one screen would take the keyboard from each other.
shares_a_screen() { has_screen && ! has Xvfb; }

has_tcllib() { [ "$(echo 'puts [catch {package require websocket}]' | tclsh 2>/dev/null)" = 0 ]; }

# has PROGRAM...: whether all of them are there.
has() {
    local program
    for program in "$@"; do
        PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || return 1
    done
}

# lacking NEED...: the needs that are not met, one a line.
lacking() {
    local need
    for need in "$@"; do
        ${need%%|*} || echo "$need"
    done
}

# provide NEED...: installs what is lacking where it may, after it has said so; says what is skipped without it.
provide() {
    local need packages whose lacks all=()
    mapfile -t lacks < <(lacking "$@")
    [ "${#lacks[@]}" != 0 ] || return 0
    for need in "${lacks[@]}"; do
        IFS='|' read -r _ packages whose <<<"$need"
        say "Not installed: $packages, for the tests of $whose."
        all+=("$packages")
    done
    if may_install && agreed "Install ${all[*]} by apt-get?"; then
        for packages in "${all[@]}"; do
            # shellcheck disable=SC2086 # a list of words
            install_packages $packages || true
        done
        mapfile -t lacks < <(lacking "${lacks[@]}")
    fi
    for need in "${lacks[@]}"; do
        whose=${need##*|}
        if [ "$whose" = windows ] && has_screen; then
            say "The windows come up on your screen, so that one process runs all tests."
        else
            say "The tests of $whose are skipped."
        fi
    done
}

cores() { nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 1; }

# minutes SECONDS: in words.
minutes() { if [ "$1" -lt 90 ]; then echo "$1 seconds"; else echo "$((($1 + 30) / 60)) minutes"; fi; }

# ---- what is asked for

mode=usual
case "${1:-}" in --quick | --all) mode=${1#--} && shift ;; esac

# How many files or folders are named, the last of them, whether tests are chosen in another way, and whether pytest
# has to run them itself.
named=0 last="" chosen=no alone=no
for argument in "$@"; do
    case "$argument" in
        -k* | -m* | --lf | --last-failed) chosen=yes ;;
        -n* | --numprocesses* | --dist* | -s | --capture=no | --pdb | --trace | --co | --collect-only | *no:xdist) alone=yes ;;
        -*) ;;
        *tests* | *.py*) [ ! -e "${argument%%::*}" ] || { named=$((named + 1)) last=${argument%%::*}; } ;;
    esac
done
if [ "$named" = 1 ] && [ -f "$last" ]; then alone=yes; fi
[ "$mode$named$chosen" != usual0no ] || set -- -m "not slow" "$@"
if [ "$mode" = quick ]; then # not even loaded: those with no test for it, and much to import
    set -- -m "not slow and not thorough and not display and not programs" --ignore=tests/{benchmarks,compliance,interop,soak} "$@"
fi

# ---- what is said, made and run

choose_python
case "$mode" in
    quick) tests="what is quick: no windows, no other programs, one of many that are alike" seconds=60 ;;
    usual) tests="all but the slow ones, which --all runs too" seconds=240 ;;
    all) tests="all" seconds=480 ;;
esac
took=.cache/took-$mode
if [ "$named$chosen" = 0no ]; then
    [ ! -r "$took" ] || read -r seconds <"$took"
    say "Tests: $tests. They take about $(minutes "$seconds")."
else
    took=/dev/null
    say "Tests: those that are named."
fi
if [ "$mode" != quick ]; then
    provide "${needs[@]}"
    make_node || say "The packages of tests/interop/node are not there: the tests against them are skipped."
fi
if [ "${TKWS_COMPILE:-0}" = 0 ]; then
    make_venv test test
else
    make_compiled_venv compiled test
    cd "$tree"
    unset PYTHONPATH TKWS_COMPILE
    # The tests of the sources themselves, which are not here.
    set -- --ignore=tests/test_architecture.py --ignore=tests/docs/test_contributing.py --ignore=tests/docs/test_rfc_tables.py "$@"
fi
if [ "$mode" != quick ] && shares_a_screen; then alone=yes; fi
[ "$alone" = yes ] || set -- -n "$(cores)" --dist worksteal "$@"

SECONDS=0 status=0
"$venv/bin/python" -m pytest "$@" || status=$?
[ "$status" -gt 1 ] || echo "$SECONDS" >"$took"
exit "$status"
