#!/usr/bin/env bash
# Writes docs/conformance.md: runs the tests against other implementations and those with random input, then the
# Autobahn|Testsuite. Takes about twenty minutes on two cores, and little else should run meanwhile.
#
#   bash tests/compliance/write.sh WSTEST [arguments of tests.compliance.run]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/environment.sh

report=.cache/conformance.xml
# What fails is on the page, as what passes. In one process, since the page has the order of the tests.
bash tests/run.sh -n 0 -q tests/interop tests/property tests/fuzz --junit-xml="$report" || echo "some tests failed"
choose_python
make_venv test test
PYTHON=$venv/bin/python exec bash tests/compliance/run.sh "$@" --write --tests "$report"
