# Lapwing. `make` alone lists what can be made.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=

# Tests of the protocols need their other side: a Python environment, see scripts/setup-test-peers.
export LAPWING_PEERS ?= $(CURDIR)/.venv

# See the end of Package.swift. Builds without it are as good, and build some modules anew.
export LAPWING_OPTIMIZE_SEARCHES ?= 1

# One file that runs on a machine without Swift and without Debian's libraries; optimised across modules, which saves the
# gateway about a tenth.
STATIC = $(CURDIR)/.build/static-libraries
RELEASE = --configuration release --static-swift-stdlib -Xswiftc -cross-module-optimization -Xswiftc -L$(STATIC) $(PROFILED)

# What a request goes through is compiled for speed and laid side by side, by the profile that `scripts/profile make` made:
# another twentieth to tenth.
PROFILE = $(CURDIR)/.build/gateway.profdata
PROFILED = -Xswiftc -Xfrontend -Xswiftc -ir-profile-use=$(PROFILE) \
	-Xcc -fprofile-use=$(PROFILE) -Xcxx -fprofile-use=$(PROFILE) -Xlinker -z -Xlinker keep-text-section-prefix

.DEFAULT_GOAL := help
.PHONY: help setup build release profile demo test lint format docs fuzz bench install clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the Debian packages that a build needs
	@scripts/setup

build: setup ## build the program for development
	$(SWIFT) build --product lapwing

# A debug build is ready in about half the time of an optimised one, and the demo does not need the difference.
demo: build ## build, then run the reference scenario with every refusal it makes
	@"$$($(SWIFT) build --show-bin-path)/lapwing" demo

test: ## install what the tests need and run them all
	@scripts/setup --tests
	@scripts/setup-test-peers & peers=$$!; \
	$(SWIFT) build --build-tests; built=$$?; wait $$peers && exit $$built
	@scripts/run-tests

lint: ## check the format of the Swift sources
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Package.swift

format: ## put the Swift sources into the project's format
	$(SWIFT) format --in-place --parallel --recursive Sources Tests Package.swift

docs: ## make the documentation, and stop at a broken link
	@scripts/docs

fuzz: ## fuzz the parsers of hostile bytes for a minute
	@scripts/fuzz

bench: setup ## compare gateway and policy with others on this machine
	@Benchmarks/proxy/setup
	@scripts/static-libraries $(STATIC)
	@SWIFT="$(SWIFT)" scripts/profile use
	$(SWIFT) build $(RELEASE) --product lapwing
	Benchmarks/proxy/run
	@Benchmarks/policy/setup
	$(SWIFT) build -c release --package-path Benchmarks --product policydecisions
	Benchmarks/policy/run
	$(SWIFT) run -c release --package-path Benchmarks monitorrate

release: setup ## build the optimised program, with its completions and manual, into dist/
	@scripts/static-libraries $(STATIC)
	@SWIFT="$(SWIFT)" scripts/profile use
	$(SWIFT) build $(RELEASE) --product lapwing
	$(SWIFT) build --product generate-manual
	@scripts/package dist "$$($(SWIFT) build $(RELEASE) --show-bin-path)" "$$($(SWIFT) build --show-bin-path)"

profile: setup ## measure anew which parts of the program a gateway uses, for make release
	@SWIFT="$(SWIFT)" scripts/profile make

install: ## copy dist/ (made by `make release`) to PREFIX, /usr/local unless said
	@test -x dist/bin/lapwing || { echo "There is no dist/ yet: run make release first, as yourself." >&2; exit 1; }
	install -d "$(DESTDIR)$(PREFIX)"
	cp -R dist/. "$(DESTDIR)$(PREFIX)/"
	sed -i 's|/usr/local/bin/|$(PREFIX)/bin/|' "$(DESTDIR)$(PREFIX)/lib/systemd/system/lapwing.service"

clean: ## remove what was built
	rm -rf .build dist
