#!/usr/bin/env bash
# Makes the pictures of the documentation anew from the programs themselves, on a virtual screen.
#
#   bash docs/pictures/make.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/environment.sh

for name in chat dashboard embedded wsgi asyncio_thread worker customtk; do
    env -u DISPLAY bash demos/run.sh "$name"
    cp ".cache/pictures/$name.png" docs/pictures
done
choose_python
make_venv test test
has_xvfb || die "There is no virtual screen: install xvfb."
xvfb-run -a -s "-screen 0 1280x1024x24" "$venv/bin/python" -m tests.console.pictures docs/pictures
