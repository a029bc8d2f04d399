#!/bin/sh
# Find a Python that is new enough and let it do the set-up: `infra/local/setup.sh up|check|test`.
# PYTHON names one; otherwise the usual names are tried.
set -eu
cd "$(dirname "$0")/../.."

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$python" >/dev/null 2>&1 && is_new_enough "$python"; then
        exec "$python" -m infra.local.setup "$@"
    fi
done

found=$("${PYTHON:-python3}" --version 2>&1) || found="none"
echo "Taskify needs Python 3.11 or newer; found: $found. Install one, or name it: PYTHON=/path/to/python3 make ..." >&2
exit 1
