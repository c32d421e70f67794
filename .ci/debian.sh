#!/usr/bin/env bash
# bash .ci/debian.sh ROOT PYTHON TEST...: runs tests on a Python of Debian's newest packages, which are in the folder
# ROOT as in a system of its own: in /root/v3.14 and /root/v3.15 virtual environments with what tests need, and in
# /root/tcl9 a _tkinter for 3.14 that is built on Tcl/Tk 9. PYTHON is 3.14, 3.15 or 3.14-tcl9. tests/platforms.py has
# the tests that cannot hold there. Needs root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/tests.sh
root=$(realpath "$1") version=${2%-tcl9} copy=/root/tkws-$2
path=$copy
[ "$2" = "$version" ] || path=/root/tcl9:$copy
shift 2

copy_sources "$root$copy"
grep -qs localhost "$root/etc/hosts" || printf '127.0.0.1 localhost\n::1 localhost\n' >>"$root/etc/hosts"

# inside COMMAND...: in that root; what is mounted for it goes with its last process.
inside() {
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount bash -euc 'mount --bind /proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"' "$root" \
        env -i -C "$copy" HOME=/root PATH="/root/v$version/bin:/usr/sbin:/usr/bin:/sbin:/bin" LC_ALL=C.UTF-8 \
        PYTHONPATH="$path" TKWS_RECORD="${TKWS_RECORD:-}" "$@"
}

run_tests "$root$copy/.cache/pytest" "-n $((2 * $(nproc))) --dist worksteal" inside python -m pytest -q "$@"
