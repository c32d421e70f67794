#!/usr/bin/env bash
# Runs the Autobahn|Testsuite against tkws in both roles. See README.md beside this file.
#
#   bash tests/compliance/run.sh WSTEST [arguments of tests.compliance.run]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec "${PYTHON:-python3}" -m tests.compliance.run "$@"
