# The two commands of the README are `make run` and `make test`; the rest is for developers.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Servers print lines as they happen, also into a pipe.
export PYTHONUNBUFFERED := 1

.PHONY: help run test demo bench lint types imports check abi lock tools clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

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

demo: $(INSTALLED) ## one whole journey, told step by step
	@exec $(BIN)/dspace demo

bench: $(INSTALLED) ## the measurements, printed and kept in bench.json
	@$(BIN)/python -m tests.bench --json bench.json

lint: $(INSTALLED) ## format and lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(INSTALLED) ## static types
	@$(BIN)/mypy

imports: $(INSTALLED) ## who may import whom
	@$(BIN)/lint-imports

check: lint types imports ## all static checks

abi: $(INSTALLED) ## the ABIs in the package, from the contracts
	@$(BIN)/python -m scripts.abi

lock: ## the locked requirements, from pyproject.toml
	@test -x .cache/uv/bin/uv || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install -q uv; }
	@.cache/uv/bin/uv pip compile -q pyproject.toml --extra contracts --extra dev --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate \
		-o requirements.lock

tools: ## what pip can't bring and some tests use: anvil
	@mkdir -p .cache/tools
	@npm install --silent --no-audit --no-fund --no-save --prefix .cache/tools @foundry-rs/anvil-linux-amd64@1.7.1

clean: ## forgets the virtual environment and the caches; the data stay
	@rm -rf $(VENV) .cache .build .mypy_cache .pytest_cache .ruff_cache .hypothesis
