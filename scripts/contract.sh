#!/usr/bin/env bash
# The contracts are made from the code. `write` makes them anew; `check` fails when the kept ones differ.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-check}
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

cargo run --quiet --locked -p souk -- openapi >"$fresh/openapi.json"
[ "$mode" = write ] && cp "$fresh/openapi.json" contract/openapi.json
diff -u contract/openapi.json "$fresh/openapi.json" || {
	echo "contract/openapi.json is not what the code says: make contract" >&2
	exit 1
}

cp web/src/api/schema.gen.ts "$fresh/schema.gen.ts"
(cd web && npm run --silent api)
if ! diff -u "$fresh/schema.gen.ts" web/src/api/schema.gen.ts && [ "$mode" != write ]; then
	cp "$fresh/schema.gen.ts" web/src/api/schema.gen.ts
	echo "web/src/api/schema.gen.ts is not made from contract/openapi.json: make contract" >&2
	exit 1
fi

cp web/src/realtime/events.gen.ts "$fresh/events.gen.ts"
(cd web && npm run --silent events)
if ! diff -u "$fresh/events.gen.ts" web/src/realtime/events.gen.ts && [ "$mode" != write ]; then
	cp "$fresh/events.gen.ts" web/src/realtime/events.gen.ts
	echo "web/src/realtime/events.gen.ts is not made from contract/events.schema.json: make contract" >&2
	exit 1
fi
