#!/usr/bin/env bash
# bash .ci/wine.sh DIR TEST...: runs tests on Windows' own Python under Wine, which is in DIR: the program DIR/wpy, and
# Wine's disk in DIR/prefix. Wine is slow, so it is a part of the tests; tests/platforms.py has those that cannot hold
# there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dir=$(realpath "$1")
shift
copy=$dir/prefix/drive_c/tkws
rm -rf "$copy"
mkdir "$copy"
tar -cf - --exclude=.git --exclude=.cache --exclude=__pycache__ . | tar -xf - -C "$copy"
# Programs that a test starts find the package by this, since this Python does not look into its current directory.
for packages in "$dir"/prefix/drive_c/py3*/Lib/site-packages; do printf 'C:\\tkws\r\n' >"$packages/tkws.pth"; done
trap 'mkdir -p "$OLDPWD/.cache/platforms"; cp .cache/platforms/*.json "$OLDPWD/.cache/platforms/" 2>/dev/null || true' EXIT
cd "$copy"
# Its own notifier is the subject, and a file cannot be one of its standard streams.
tests() { env -u TKWS_NOTIFIER xvfb-run -a "$dir/wpy" -m pytest -q --capture=sys "$@"; }
# Many a time limit is wall time, and Wine is slow: what fails is repeated once.
tests "$@" || {
    [ "$?" = 1 ] || exit 1
    printf '\n---- what failed, once more:\n'
    tests --last-failed --last-failed-no-failures=none "$@"
}
