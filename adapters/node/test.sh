#!/bin/sh
# Runs the adapter's unit tests with Node's own test runner. Needs nothing but Node and leaves no files in the tree.
set -eu
cd "$(dirname "$0")"
exec node --test --test-concurrency=2 --test-timeout=60000 --test-reporter=spec test/*.test.mjs
