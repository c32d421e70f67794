#!/usr/bin/env bash
# bash .ci/wine.sh DIR TEST...: runs tests on Windows' own Python under Wine, which is in DIR: the program DIR/wpy, and
# Wine's disk in DIR/prefix. Wine is slow, so it is a part of the tests; tests/platforms.py has those that cannot hold
# there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/tests.sh
dir=$(realpath "$1")
shift
copy_sources "$dir/prefix/drive_c/tkws"
# Programs that a test starts find the package by this, since this Python does not look into its current directory.
for packages in "$dir"/prefix/drive_c/py3*/Lib/site-packages; do printf 'C:\\tkws\r\n' >"$packages/tkws.pth"; done
# Where there is no window manager, Wine waits two seconds for one whenever a window closes, unless told of it.
xvfb-run -a "$dir/wpy" -c "import winreg
key = winreg.CreateKey(winreg.HKEY_CURRENT_USER, r'Software\Wine\X11 Driver')
winreg.SetValueEx(key, 'Managed', 0, winreg.REG_SZ, 'N')"
cd "$copied"
# Its own notifier is the subject, and a file cannot be one of its standard streams.
run_tests .cache/pytest "" env -u TKWS_NOTIFIER xvfb-run -a "$dir/wpy" -m pytest -q --capture=sys "$@"
