# The two commands of the README are `make run` and `make test`; the rest is for developers.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
MAMUSHI := .cache/mamushi/bin/mamushi
CONTRACTS := $(wildcard contracts/*.vy contracts/*/*.vy contracts/*/*.vyi)
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Servers print lines as they happen, also into a pipe.
export PYTHONUNBUFFERED := 1

.PHONY: help run test test-deep demo bench gas anchors pinning-checker mutants lint format types imports check abi lock tools clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV) (a minute or two, once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(INSTALLED) ## everything on this machine: chain, contracts, indexer, API, gateway, jobs
	@exec $(BIN)/dspace up

test: $(INSTALLED) ## every test
	@$(BIN)/python -m pytest -n auto

test-deep: $(INSTALLED) ## the contracts' random tests, for hours
	@$(BIN)/python -m pytest -n auto --timeout=0 --hypothesis-profile=deep tests/contracts

demo: $(INSTALLED) ## one whole journey, told step by step
	@exec $(BIN)/dspace demo

bench: $(INSTALLED) ## the measurements, printed and kept in bench.json
	@$(BIN)/python -m tests.bench --json bench.json

gas: $(INSTALLED) ## the committed gas figures and docs/gas.md, measured anew
	@$(BIN)/python -W ignore -m tests.bench.gas_table --snapshot

anchors: ## the npm packages that the gas bench compares with, pinned by hash
	@mkdir -p .cache/anchors && cp tests/bench/anchors/package.json tests/bench/anchors/package-lock.json .cache/anchors/
	@cd .cache/anchors && npm ci --silent --ignore-scripts --no-audit --no-fund \
		|| echo "anchors: the packages can't be had; the bench goes on without them"

pinning-checker: ## the public checker of the pinning API, from npm, pinned by hash; a test runs it
	@mkdir -p .cache/pinning-checker && cp tests/api/pins/checker/package.json tests/api/pins/checker/package-lock.json .cache/pinning-checker/
	@cd .cache/pinning-checker && npm ci --silent --ignore-scripts --no-audit --no-fund

# The formatter of the contracts wants another click than Ape, so it has an environment of its own.
$(MAMUSHI): requirements-mamushi.lock
	@test -x $(@D)/python || $(PYTHON) -m venv $(@D)/..
	@$(@D)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-mamushi.lock
	@touch $@

mutants: $(INSTALLED) ## do the contracts' tests notice? hours; goes on where it stopped (MUTANTS="--sample 20 --jobs 2")
	@$(BIN)/python -m tests.mutants $(MUTANTS)

lint: $(INSTALLED) $(MAMUSHI) ## format and lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(MAMUSHI) --check -q -l 100 $(CONTRACTS) \
		|| { echo "contracts: run \`make format\`"; exit 1; }

format: $(INSTALLED) $(MAMUSHI) ## formats Python and contracts
	@$(BIN)/ruff format .
	@$(MAMUSHI) -q -l 100 $(CONTRACTS)

types: $(INSTALLED) ## static types
	@$(BIN)/mypy

imports: $(INSTALLED) ## who may import whom
	@$(BIN)/lint-imports

check: lint types imports ## all static checks

abi: $(INSTALLED) ## the ABIs in the package and the storage layout, from the contracts
	@$(BIN)/python -m scripts.abi

lock: ## the locked requirements, from pyproject.toml; and the formatter's
	@test -x .cache/uv/bin/uv || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install -q uv; }
	@.cache/uv/bin/uv pip compile -q pyproject.toml --extra contracts --extra dev --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate \
		-o requirements.lock
	@echo mamushi==0.1.2 | .cache/uv/bin/uv pip compile -q - --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate \
		-o requirements-mamushi.lock

tools: ## what pip can't bring and some tests use: anvil
	@mkdir -p .cache/tools
	@npm install --silent --no-audit --no-fund --no-save --prefix .cache/tools @foundry-rs/anvil-linux-amd64@1.7.1

clean: ## forgets the virtual environment and the caches; the data stay
	@rm -rf $(VENV) .cache .build .mypy_cache .pytest_cache .ruff_cache .hypothesis
