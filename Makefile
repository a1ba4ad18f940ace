# Everything a person does here. Needs Python 3.11 or later and make; the rest goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MIN_PYTHON := 3.11
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# pyright runs on the Node.js of the lock and asks no registry for a newer self
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help install up test check format bench lock clean
.DEFAULT_GOAL := help

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(READY) ## install what is missing into .venv

up: install ## start Weftline on http://127.0.0.1:8080
	@exec $(BIN)/weft up

test: install ## run the tests; ARGS="tests/store -k roles" runs some
	@$(BIN)/pytest $(ARGS)

check: install ## lint, formatting, types and import rules
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "run 'make format'"; exit 1; }
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-logo

format: install ## format the code
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

bench: install ## measure, beside other systems; writes build/bench.json
	@$(BIN)/python -m benchmarks $(ARGS)

# What building and checking need beside what pyproject.toml names.
LOCK_EXTRA := hatchling editables pyright[nodejs]

lock: install ## renew requirements.lock from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@printf '%s\n' $(LOCK_EXTRA) | $(BIN)/uv pip compile pyproject.toml - --group dev \
		--universal --python-version $(MIN_PYTHON) --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --upgrade --quiet --output-file requirements.lock

clean: ## remove what was built and installed; .weft, with its database, stays
	@rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Weftline needs Python $(MIN_PYTHON) or later"; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV); } || \
		{ rm -rf $(VENV); echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing what requirements.lock names"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
