#!/usr/bin/env bash
# Measures tkws beside what else there is: bash tests/benchmarks/run.sh [SCENARIO...] [OPTION...]
#
# Needs Linux, Xvfb, a C compiler and Python 3.11 with tkinter. Makes a virtual environment in .cache, once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/environment.sh

has_qt_libraries() {
    local name known
    known=$(PATH=$PATH:/usr/sbin ldconfig -p)
    for name in EGL GL dbus-1 fontconfig xkbcommon-x11 xcb-{cursor,icccm,image,keysyms,render-util,shape,xkb}; do
        grep -q "lib$name.so" <<<"$known" || return 1
    done
}

choose_python
has_xvfb || die "Install xvfb: each contender is a window."
command -v wish >/dev/null || install_packages tk tcllib || say "Install tk and tcllib, or theirs fails."
has_qt_libraries || install_packages libegl1 libgl1 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-cursor0 \
    libxcb-{icccm4,image0,keysyms1,render-util0,shape0,xkb1} || say "Qt may lack libraries of X11: its windows then fail."
make_compiled_venv bench bench # TKWS_PURE=1 runs it as pure Python
cd "$tree"
exec "$venv/bin/python" -m tests.benchmarks "$@"
