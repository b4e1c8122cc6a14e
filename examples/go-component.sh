#!/bin/sh
# Runs the component in Go of a directory, and builds it before when there is no build, or one that is older than the sources:
#
#   sh go-component.sh DIRECTORY [ARGUMENT…]        sh go-component.sh --build DIRECTORY
#
# Invariant: a build takes the place of the one before in one step, so that several tasks may start at once.
set -eu
only_build=''
if [ "${1-}" = --build ]; then
  only_build=1
  shift
fi
directory=${1:?usage: go-component.sh [--build] DIRECTORY}
shift
adapter=$(dirname "$0")/../adapters/go
program=$directory/build/component

if [ ! -x "$program" ] || [ -n "$(find "$directory" "$adapter" \( -name '*.go' -o -name go.mod \) -newer "$program" -print)" ]; then
  mkdir -p "$directory/build"
  (cd "$directory" && go build -o "build/component.$$" . && mv -f "build/component.$$" build/component) >&2
fi
[ -n "$only_build" ] || exec "$program" "$@"
