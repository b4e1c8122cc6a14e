#!/bin/sh
# Tests the Go adapter: format, vet, and every test of both packages. Needs go and nothing else.
set -eu
cd "$(dirname "$0")"

export GOWORK=off GOFLAGS=-mod=readonly GOTOOLCHAIN=local

unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	printf 'these files are not as gofmt would have them: run gofmt -w on\n%s\n' "$unformatted" >&2
	exit 1
fi
go vet ./...

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
go test -count=1 -vet=off -timeout=60s -v . ./test >"$log" 2>&1 || status=$?
grep -v -e '^=== ' -e '^PASS$' "$log" || true
printf 'go: %s passed, %s failed, %s skipped\n' \
	"$(grep -c -e '^ *--- PASS' "$log" || true)" "$(grep -c -e '^ *--- FAIL' "$log" || true)" "$(grep -c -e '^ *--- SKIP' "$log" || true)"
exit "$status"
