#!/bin/sh
# Demonstrates plan, apply, pin, drift and repair on the embedded server.
# Works in a temporary folder, so that every run starts from nothing and leaves nothing behind.
set -eu
RECONCILER=${RECONCILER:-reconciler}
FILE=$(cd "$(dirname "$0")" && pwd)/groups.yaml
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"
# Ignore the reconciler's variables of the surrounding shell.
for name in $(env | sed -n -e 's/^\(WAPPFY_[A-Z_]*\)=.*/\1/p' -e 's/^\(RECONCILER_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
# One call at a time, so that groups get the same ids in every run.
export RECONCILER_PARALLELISM=1
cp "$FILE" groups.yaml

say() { printf '\n$ reconciler %s\n' "$*"; }
run() { say "$@"; "$RECONCILER" "$@"; }

run --sandbox plan
run --sandbox apply --yes
run --sandbox plan
run --sandbox pin
run sandbox shake
say --sandbox drift
"$RECONCILER" --sandbox drift || { code=$?; [ "$code" -eq 2 ] || exit "$code"; echo "(exit code 2: it drifted)"; }
run --sandbox apply --yes
run --sandbox drift
