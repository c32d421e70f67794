#!/usr/bin/env bash
# Runs the Autobahn|Testsuite against tkws in both roles. See README.md beside this file.
#
#   bash tests/compliance/run.sh WSTEST [arguments of tests.compliance.run]
#
# With TKWS_COMPILE=1 it tests the compiled package, as tests/run.sh does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [ "${TKWS_COMPILE:-0}" != 0 ]; then
    . tests/environment.sh
    choose_python
    make_compiled_venv compiled test
    cd "$tree"
    unset PYTHONPATH TKWS_COMPILE
    PYTHON=$venv/bin/python
fi
exec "${PYTHON:-python3}" -m tests.compliance.run "$@"
