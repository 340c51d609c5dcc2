# The two commands to know: `make run` and `make test`. Both install what they need first.

SHELL := /bin/bash
.DEFAULT_GOAL := help
RELEASE := target/release/souk
PEER := bench/peer-node/node_modules/.package-lock.json

.PHONY: help run fleet crash-fleet test-full test check dev build web tools test-tools rust-test web-test e2e crash soak bench bench-sockets bench-fleet fmt contract clean

help: ## Say what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## Serve the demo shop at http://localhost:8080, with its data in ./souk-data
	@echo "the shop: http://localhost:8080"
	exec $(RELEASE) serve --demo --data-dir ./souk-data

fleet: build test-tools ## Serve the demo shop from a whole fleet on this machine at http://localhost:8080: MongoDB, Redis, nginx, 6 servers
	cargo build --release --locked -p souk-testbed
	exec target/release/fleet $(RELEASE) ./souk-fleet $(or $(PORT),8080)

test: ## Install what is needed and run every test
	@scripts/test.sh

test-full: ## The same with long rounds: hours
	@scripts/test.sh full

check: test-tools web ## What must be green before a change lands: format, lints, tests, docs, contracts
	@scripts/check.sh

dev: tools web/node_modules/.package-lock.json ## Serve the shop from a debug build, and the pages from Vite with live reload
	@scripts/dev.sh

build: tools web ## Build the release binary with the web client inside
	cargo build --release --locked -p souk

web: web/dist/index.html ## Build the web client

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public web/index.html web/vite.config.ts web/scripts -type f 2>/dev/null)
	cd web && npm run build
	@touch $@

tools: ## Install what building needs (a C compiler)
	@scripts/install.sh build

test-tools: ## Install what tests need as well (Chromium, a mail server)
	@scripts/install.sh test

crash: web ## Kill the server at random moments: make crash ROUNDS=100 [SEED=…]
	SOUK_CRASH_ROUNDS=$(or $(ROUNDS),20) SOUK_CRASH_SEED=$(SEED) cargo test --release --locked -p souk --test it crash:: -- --nocapture

crash-fleet: web test-tools ## Kill and freeze parts of a fleet under load: make crash-fleet ROUNDS=60 [SEED=…]
	SOUK_FLEET_ROUNDS=$(or $(ROUNDS),60) SOUK_FLEET_SEED=$(SEED) cargo test --release --locked -p souk --test it fleet::crash:: -- --nocapture

soak: web ## Cut sockets and kill the server under talk: make soak SECONDS=600 [SEED=…]
	SOUK_SOAK_SECONDS=$(or $(SECONDS),300) SOUK_SOAK_SEED=$(SEED) cargo test --release --locked -p souk --test it soak:: -- --nocapture

bench: build test-tools $(PEER) ## Measure, side by side in one run; writes bench/RESULTS.md
	cargo run --release --locked -p souk-bench -- all --souk $(RELEASE) --write bench/RESULTS.md

bench-sockets: build $(PEER) ## Measure sockets alone, beside Node's socket.io
	cargo run --release --locked -p souk-bench -- sockets --souk $(RELEASE)

bench-fleet: build test-tools $(PEER) ## Measure a fleet alone, beside the same design in Node
	cargo run --release --locked -p souk-bench -- fleet --souk $(RELEASE)

$(PEER): bench/peer-node/package.json bench/peer-node/package-lock.json
	cd bench/peer-node && npm ci --no-audit --no-fund
	@touch $@

contract: ## Write contract/openapi.json and the client's types anew
	@scripts/contract.sh write

fmt: ## Format
	cargo fmt --all
	cd web && npm run --if-present format

clean: ## Remove what was built
	cargo clean
	rm -rf web/dist web/node_modules bench/peer-node/node_modules
