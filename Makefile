# The verbs of the house. `make demo` and `make test` need nothing beforehand but make itself.

BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

.PHONY: demo build test check bench fuzz soak format clean install deps deps-test ui help
.DEFAULT_GOAL := help

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: build ## install what is missing, build, run the whole scenario
	@tools/demo

build: deps ui ## kolben, opentelemetry-instrument and its parts, and todo into build/bin
	@tools/build release

test: deps-test ui ## build and run all tests
	@tools/test

check: deps-test ## formatting, floors, clang's thread-safety analysis, ThreadSanitizer
	@tools/tidy
	@tools/format --check
	@tools/analyze
	@tools/test threads

bench: deps-test ui ## measure, beside rivals where they are here
	@tools/bench

fuzz: deps-test ## each fuzz harness for FUZZ_SECONDS (60)
	@tools/fuzz

soak: deps-test ui ## the long versions of the crash tests
	@KOLBEN_SOAK=1 tools/test e2e

format: deps-test ## clang-format everything
	@tools/format

clean: ## remove what was built
	rm -rf $(BUILD) ui/dist ui/node_modules

install: build ## copy the programs under PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/kolben/node $(DESTDIR)$(PREFIX)/include/kolben
	install -m 755 $(BUILD)/bin/kolben $(BUILD)/bin/opentelemetry-instrument $(BUILD)/bin/todo $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/bin/libkolben-agent.so $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(BUILD)/bin/kolben-agent $(DESTDIR)$(PREFIX)/lib/kolben
	install -m 644 src/agent/node/agent.cjs $(DESTDIR)$(PREFIX)/lib/kolben/node
	cd src/agent/python && find . -name '*.py' ! -path './testing/*' -exec install -D -m 644 {} $(abspath $(DESTDIR)$(PREFIX))/lib/kolben/python/{} \;
	install -m 644 include/kolben/abi.h include/kolben/telemetry.hpp $(DESTDIR)$(PREFIX)/include/kolben

deps:
	@tools/install-deps build

deps-test:
	@tools/install-deps test

# The page is built once per change of its sources; the C++ build embeds ui/dist.
ui:
	@tools/build-ui
