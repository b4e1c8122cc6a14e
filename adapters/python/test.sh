#!/bin/sh
# Runs the tests of the Python adapter and prints unittest's own output. Leaves no file behind, whatever the directory.
cd "$(dirname "$0")" || exit 1
# Hundreds of children import the package: their compiled code is kept, but out of the tree.
PYTHONPYCACHEPREFIX=$(mktemp -d) || exit 1
trap 'rm -rf "$PYTHONPYCACHEPREFIX"' EXIT
trap 'exit 130' INT TERM
export PYTHONPYCACHEPREFIX
export PYTHONPATH="$PWD:$PWD/test"
unset PYTHONDONTWRITEBYTECODE
"${PYTHON:-python3}" -W error::ResourceWarning -m unittest discover -s test -t test "$@"
