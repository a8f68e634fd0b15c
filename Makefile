# Every target says what it does: make help. ARGS passes options on: make test ARGS="-k windows".
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
TOOLS := .venv/tools
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo test check format generate bench bench-ingest mutants faults kafka compose-check constraints clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(TOOLS) ## Make the virtual environment .venv, with flowrun and what its development needs (once, about 40 s)

demo: $(INSTALLED) ## Show the whole system on this machine, with nothing to set up
	@$(BIN)/flowrun demo $(ARGS)

test: $(TOOLS) ## Run the whole suite on a real Apache Kafka (container, else Maven); CI=true insists on it
	@$(BIN)/pytest -m "not slow" $(ARGS)

check: $(TOOLS) ## Check format, style, types and that the generated files are up to date
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m schemas.generate --check
	@$(BIN)/python -m ingest.generate --check

format: $(TOOLS) ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

generate: $(TOOLS) ## Generate JSON Schemas, AsyncAPI, golden records and the tables of docs/
	@$(BIN)/python -m schemas.generate
	@$(BIN)/python -m ingest.generate
	@$(BIN)/python -m tests.processors.watch.examples

bench: $(TOOLS) ## Measure CPU per event and events per second on a real Kafka
	@$(BIN)/python -m benchmarks.throughput $(ARGS)

bench-ingest: $(TOOLS) ## Measure ingest on one core beside a plain aiohttp handler (needs wrk)
	@$(BIN)/python -m benchmarks.ingest $(ARGS)

mutants: $(TOOLS) ## Break the processors' code at random places and list what no test notices (about 20 min)
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[mutants]' -c constraints.txt
	@$(BIN)/python -m tests.mutants $(ARGS)

faults: $(TOOLS) ## Kill, stop and restart workers under load and compare with the oracle
	@$(BIN)/pytest tests/faults $(ARGS)

kafka: $(TOOLS) ## Run an Apache Kafka on this machine without Docker until Ctrl-C, and print its address
	@$(BIN)/python -m tests.kafka.apache

compose-check: ## Start everything by docker compose, send one notification through it, end it
	@deploy/compose-check

constraints: ## Renew constraints.txt from a new environment
	@rm -rf .venv/renewed
	@$(PYTHON) -m venv .venv/renewed
	@.venv/renewed/bin/pip install -q --disable-pip-version-check -e '.[dev]'
	@{ head -n 1 constraints.txt; .venv/renewed/bin/pip freeze --exclude-editable; } > constraints.new
	@mv constraints.new constraints.txt
	@rm -rf .venv/renewed

clean: ## Remove the virtual environment and the tools' caches
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "flowrun needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1 | head -n 1). Try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@echo "installing flowrun into .venv (once, about 15 s)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install -q --disable-pip-version-check -e . -c constraints.txt
	@touch $@

$(TOOLS): $(INSTALLED)
	@echo "installing the tools of its development (once, about 25 s)"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@
