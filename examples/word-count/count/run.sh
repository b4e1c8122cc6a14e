#!/bin/sh
# Runs the component in Go of this directory, and builds it before when there is no build, or an older one than the sources.
# With --build it only builds. Invariant: a build takes the place of the one before in one step, so that tasks may start at once.
set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
adapter=$here/../../../adapters/go
program=$here/build/component

if [ ! -x "$program" ] || [ -n "$(find "$here" "$adapter" \( -name '*.go' -o -name go.mod \) -newer "$program" -print)" ]; then
  mkdir -p "$here/build"
  (cd "$here" && go build -o "build/component.$$" . && mv -f "build/component.$$" build/component) >&2
fi
[ "${1-}" = --build ] || exec "$program"
