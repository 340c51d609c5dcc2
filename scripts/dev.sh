#!/usr/bin/env bash
# The shop from a debug build on :8080, and its pages from Vite on :5173 with live reload.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build -p souk
target/debug/souk serve --demo --data-dir ./souk-data --origins http://localhost:5173 &
server=$!
trap 'kill "$server"' EXIT
cd web && npm run dev
