#!/usr/bin/env bash
# Every test, from nothing: Rust (units, port contracts on every engine, flows on one process and on a fleet, crashes), web
# (units, types), and real browsers. `full` plays long rounds of what is played by chance.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install.sh test
export SOUK_TEST_PYTHON="$PWD/target/test-tools/bin/python"
export INSTA_UPDATE=no
if [ "${1:-}" = full ]; then
	export SOUK_CRASH_ROUNDS=100 SOUK_SOAK_SECONDS=300 SOUK_FLEET_ROUNDS=60 SOUK_FLEET_FOLLOWERS=2000 SOUK_FLEET_REDIS_AWAY=30
fi

echo "== web client"
make --no-print-directory web
(cd web && npm run lint && npm run typecheck && npm test)

echo "== rust"
cargo test --workspace --locked --no-fail-fast

echo "== the flows of one process, on two instances over MongoDB and Redis"
SOUK_TEST_ENGINES=fleet cargo test --locked -p souk --test it -- \
	accounts:: authorisation:: bad_input:: catalogue:: live:: mails:: orders::

echo "== contracts"
scripts/contract.sh check

echo "== browsers"
cargo build --locked -p souk -p souk-testbed
export SOUK_BIN="$PWD/target/debug/souk"
(cd web && npm run e2e)

echo "== browsers, on a fleet behind nginx"
(cd web && SOUK_FLEET_BIN="$PWD/../target/debug/fleet" npm run e2e -- --project=en-desktop --project=ar-phone buying chat live)
