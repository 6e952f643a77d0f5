# The commands of the house. `make help` prints them; each installs what it needs by tools/setup.sh first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

JOBS ?= 2
PREFIX ?= /usr/local
ARGS ?=
# Objects of one checkout serve every other: paths are kept out of the cache's keys.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
export CTEST_PARALLEL_LEVEL ?= $(JOBS)

server := build/release/src/main/tusk-server

.PHONY: help reference run server test test-asan test-tsan test-ubsan bench bench-peers bench-bully bench-memory bench-documents bench-contention bench-guard conformance oracle clients stress soak crash fuzz \
        lint format analyze install clean

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-17s %s\n", $$1, $$2}'

# $(call build,preset[,target ...]): configures once, then builds. Progress lines of Ninja are kept: a first build is long.
define build
@[ -f build/$(1)/build.ninja ] || cmake --preset $(1) >build-$(1).log 2>&1 || { cat build-$(1).log; exit 1; }
@rm -f build-$(1).log
@cmake --build build/$(1) -j $(JOBS) $(if $(2),--target $(2))
endef

run: server ## Build the server and start it in the foreground (ARGS="--port 7000 ...")
	@exec $(server) $(ARGS)

server:
	@tools/setup.sh build
	$(call build,release,tusk-server tusk)

test: ## Build and run every quick test
	@tools/setup.sh test
	$(call build,dev)
	@ctest --preset dev

test-asan: ## The same under AddressSanitizer
	@tools/setup.sh test
	$(call build,asan)
	@ctest --preset asan

test-tsan: ## The same under ThreadSanitizer
	@tools/setup.sh test
	$(call build,tsan)
	@setarch -R ctest --preset tsan

test-ubsan: ## The same under UndefinedBehaviorSanitizer
	@tools/setup.sh test
	$(call build,ubsan)
	@ctest --preset ubsan

bench: ## Measure side by side with Debian's redis-server (ARGS="--rounds 5")
	@tools/setup.sh bench
	$(call build,release,tusk-server tusk-load)
	@bench/run.py $(ARGS)

bench-peers: ## Every row beside redis-server, memcached and what else is on PATH (ARGS="--quick", "--rows get-set,mset")
	@tools/setup.sh bench
	$(call build,release,tusk-server tusk-load tusk-echo)
	@bench/peers.py $(ARGS)

bench-bully: ## Steady clients beside KEYS, huge deletes, snapshots ... (ARGS="--only UNLINK,KEYS --rounds 1")
	@tools/setup.sh bench
	$(call build,release,tusk-server tusk-load)
	@bench/bully.py $(ARGS)

bench-memory: ## Bytes per key and element beside redis-server, and after deletes (ARGS="--only hash")
	@tools/setup.sh bench
	$(call build,release,tusk-server tusk-load)
	@bench/memory.py $(ARGS)

bench-documents: ## JSON.* beside text in strings, and bytes per document (ARGS="--seconds 10")
	@tools/setup.sh bench
	$(call build,release,tusk-server tusk-load)
	@bench/documents.py $(ARGS)

bench-contention: ## A hot key, few keys, many: what workers cost each other
	@tools/setup.sh bench
	$(call build,release,tusk-server tusk-load)
	@bench/contention.py $(ARGS)

bench-guard: ## Instructions per command beside the recorded ones (ARGS="--record", "get set")
	@tools/setup.sh bench
	$(call build,release,tusk-guard)
	@bench/guard.py $(ARGS)

conformance: server ## Redis' own Tcl suite (external and managed), client suites, the oracle (ARGS="--units unit/acl")
	@tools/setup.sh conformance clients
	@tests/conformance/run.py $(ARGS)

oracle: server ## Random commands compared with redis-server, the long run
	@tools/setup.sh test
	@tests/oracle/run.py $(ARGS)

clients: server ## Task queues and client libraries, unmodified
	@tools/setup.sh clients
	@tests/clients/run.py $(ARGS)

stress: ## Eight workers, random traffic, one truth: the long run (ARGS="--seconds 60")
	@tools/setup.sh test
	$(call build,release,tusk-server tusk-stress)
	@tests/stress/run.py $(ARGS)

soak: ## The stress test for an hour (ARGS="--seconds 36000" for longer)
	@tools/setup.sh test
	$(call build,release,tusk-server tusk-stress)
	@tests/stress/run.py --seconds 3600 $(ARGS)

crash: ## The server killed under load: 200 times with appendfsync always, 100 times with everysec (ARGS="--seed 7")
	@tools/setup.sh test
	$(call build,release,tusk-server crash_disk)
	@tests/crash/run.py --disk build/release/tests/crash/libcrash_disk.so --policy always --kills 200 $(ARGS)
	@tests/crash/run.py --disk build/release/tests/crash/libcrash_disk.so --policy everysec --kills 50 $(ARGS)
	@tests/crash/run.py --policy everysec --strict --kills 50 $(ARGS)

fuzz: ## libFuzzer on every parser of foreign bytes (ARGS="--seconds 600")
	@tools/setup.sh fuzz
	$(call build,fuzz,fuzz_programs)
	@tests/fuzz/run.py $(ARGS)

reference: ## Write docs/reference and docs/compatibility.md anew from the rows
	@tools/setup.sh test
	$(call build,dev,reference)

lint: analyze ## The house's checks with their reports, and the thread-safety analysis
	@tools/checks/run.py --report

analyze: ## Clang 19's thread-safety analysis of every source file
	@tools/setup.sh analyze
	$(call build,analyze,analyze)

format: ## Rewrite the C++ files in the house's layout
	@tools/setup.sh format
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

install: server ## Install to PREFIX (default /usr/local): server, tool, C++ library
	$(call build,release,tusk_client)
	@cmake --install build/release --prefix $(PREFIX)

clean: ## Remove everything that was built
	rm -rf build
