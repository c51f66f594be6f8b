#!/bin/sh
# The main job on the embedded server: plan, apply, nothing left to do, ids noted, drift made by hand, seen and healed.
# Works in a folder of its own, so that it starts from nothing each time and leaves nothing behind.
set -eu
RECONCILER=${RECONCILER:-reconciler}
FILE=$(cd "$(dirname "$0")" && pwd)/groups.yaml
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"
# Whatever is set for the reconciler here has no part in it.
for name in $(env | sed -n -e 's/^\(WAPPFY_[A-Z_]*\)=.*/\1/p' -e 's/^\(RECONCILER_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
# One call at a time, so that the same groups get the same ids each time.
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
