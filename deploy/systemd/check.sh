#!/usr/bin/env bash
# What systemd thinks of the units: that they are right, and how much each could still do (0 nothing, 10 everything).
set -euo pipefail
cd "$(dirname "$0")"
THRESHOLD=${THRESHOLD:-20} # tenths

if ! command -v systemd-analyze >/dev/null; then
    apt-get install -y --no-install-recommends systemd
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The program need not be installed to read a unit; one that is there stands for it.
for unit in *.service *.target; do
    name=${unit/@./@8080.}
    sed 's|/usr/local/bin/souk|/bin/true|' "$unit" >"$folder/$name"
done
# A key that it does not know is only a warning to it. Here nothing may be said at all.
systemd-analyze verify --recursive-errors=no "$folder"/*.service "$folder"/*.target 2>&1 | tee "$folder/said"
[ ! -s "$folder/said" ]

hardening() { sed -n '/^# Hardening/,/^LimitCORE/p' "$1"; }
for unit in *.service; do
    diff <(hardening souk.service) <(hardening "$unit") || { echo "$unit: hardened otherwise than souk.service" >&2; exit 1; }
done

# The security of templates is judged on an instance.
for unit in "$folder"/*.service; do
    systemd-analyze security --offline=true --threshold="$THRESHOLD" --no-pager "$unit" >"$folder/report" ||
        { cat "$folder/report" >&2; exit 1; }
    tail -n 1 "$folder/report"
done
