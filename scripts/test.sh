#!/usr/bin/env bash
# Every test, from nothing: Rust (units, port contracts, flows, crashes), web (units, types), and real browsers.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install.sh test
export SOUK_TEST_PYTHON="$PWD/target/test-tools/bin/python"
export INSTA_UPDATE=no

echo "== web client"
make --no-print-directory web
(cd web && npm run lint && npm run typecheck && npm test)

echo "== rust"
cargo test --workspace --locked --no-fail-fast

echo "== contracts"
scripts/contract.sh check

echo "== browsers"
cargo build --locked -p souk
(cd web && SOUK_BIN="$PWD/../target/debug/souk" npm run e2e)
