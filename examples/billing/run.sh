#!/bin/sh
# Runs this service's tests as its developer would, in a fresh virtual environment with the test kit and nothing else of
# Taskify: `examples/billing/run.sh WHEEL-OF-THE-TEST-KIT [arguments of pytest]`. PYTHON names the interpreter.
set -eu
wheel=$(realpath "$1")
shift
cd "$(dirname "$0")"

environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"${PYTHON:-python3}" -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps "$wheel"
"$environment/bin/pip" check --disable-pip-version-check
"$environment/bin/python" -m pytest "$@"
