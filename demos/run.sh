#!/usr/bin/env bash
# Starts a demo: bash demos/run.sh [NAME] [ARGUMENTS OF THE DEMO]; without a NAME, the chat.
# bash demos/run.sh --list says which there are.
#
# Needs Python 3.11 or newer with tkinter (set PYTHON to choose one). Makes a virtual environment in .cache, with
# only what the demo needs.
# Without a screen, the demo plays a short scripted scene on a virtual one, prints its messages, and saves a
# picture of its windows in .cache/pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/environment.sh

# The time limit for a scripted scene, in seconds.
time_limit=120

demos() {
    local path
    for path in demos/*/__main__.py demos/*.py; do
        path=${path#demos/}
        case "$path" in '*'* | _*) ;; *) echo "${path%%[./]*}" ;; esac
    done | sort -u
}

# about NAME: the first line of the demo's docstring.
about() {
    local path=demos/$1/__init__.py
    [ -e "$path" ] || path=demos/$1.py
    sed -n '1s/^"""//p' "$path" | sed 's/"""$//; s/``//g'
}

# needs NAME ARGUMENTS...: the packages that a demo needs beside tkws.
needs() {
    case "$1" in
        async_client) echo aiohttp ;;
        chat) case " $* " in *' --broker '*) echo nats-py ;; esac ;;
        customtk) echo customtkinter ;;
        dashboard) echo matplotlib psutil ;;
    esac
    has_screen || echo pillow
}

# install NAME...: the packages that are not in the environment yet, as the extra `demos` has them.
install() {
    local package requirement
    for package in "$@"; do
        [ ! -e "$venv/has-$package" ] || continue
        requirement=$(sed -n 's/^demos = //p' pyproject.toml | grep -oE "\"$package[^\"]*\"" | tr -d '"')
        with_progress "installing $package" "$venv/bin/python" -m pip install -qq --disable-pip-version-check "$requirement"
        touch "$venv/has-$package"
    done
}

# on_virtual_screen COMMAND...: runs the command with DISPLAY set to a temporary screen.
on_virtual_screen() {
    has_xvfb || die "No screen found: set DISPLAY or install xvfb."
    local number status=0
    coproc XVFB { exec Xvfb -displayfd 1 -screen 0 1920x1080x24 -dpi 96 -nolisten tcp 2>/dev/null; }
    # shellcheck disable=SC2064 # XVFB_PID is unset once the process has ended
    trap "kill $XVFB_PID 2>/dev/null && wait $XVFB_PID || true" EXIT
    read -r -t 30 number <&"${XVFB[0]}" || die "Xvfb did not start."
    DISPLAY=:$number timeout --kill-after=5 "$time_limit" "$@" || status=$?
    [ "$status" != 124 ] || say "The demo was stopped after $time_limit s."
    return "$status"
}

if [ "${1:-}" = --list ]; then
    for name in $(demos); do printf '%-15s %s\n' "$name" "$(about "$name")"; done
    exit
fi
name=chat
case "${1:-}" in '' | -*) ;; *) name=$1 && shift ;; esac
if ! demos | grep -qxF -- "$name"; then
    say "Unknown demo $name. The demos are:"
    demos >&2
    exit 2
fi

choose_python
make_venv demos
# shellcheck disable=SC2046 # names without spaces
install $(needs "$name" "$@")
if has_screen; then
    exec "$venv/bin/python" -m "demos.$name" "$@"
fi
picture=.cache/pictures/$name.png
mkdir -p .cache/pictures
rm -f "$picture"
on_virtual_screen "$venv/bin/python" -m "demos.$name" --scripted --picture "$picture" "$@"
[ ! -e "$picture" ] || say "A picture of the windows is in $picture."
