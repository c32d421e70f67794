#!/usr/bin/env bash
# Makes the pictures of the documentation anew from the programs themselves, on a virtual screen: NAME.png, and
# NAME-dark.png where the program has a dark theme.
#
#   bash docs/pictures/make.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/environment.sh

for name in chat remote files dashboard embedded async_client wsgi asyncio_thread worker customtk; do
    env -u DISPLAY bash demos/run.sh "$name" --picture "docs/pictures/$name.png"
    env -u DISPLAY bash demos/run.sh "$name" --theme dark --picture "docs/pictures/$name-dark.png"
done
choose_python
make_venv test test
has_xvfb || die "There is no virtual screen: install xvfb."
for pages in tests.console.pictures tests.docs.pictures; do
    xvfb-run -a -s "-screen 0 1280x1024x24 -dpi 96" "$venv/bin/python" -m "$pages" docs/pictures
done
xvfb-run -a -s "-screen 0 1280x1024x24 -dpi 96" "$venv/bin/python" -m tests.docs.flood_picture docs/pictures/flood.gif
