# `make up` runs the service, `make test` the tests; each sets up what it needs on a machine that
# has git, make and Python >= 3.11 with venv. PYTHON=python3.13 takes another Python.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP     = $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
WITH    = --require-hashes --only-binary=:all:

# What was installed last; a changed lock or a changed catalogue is newer.
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
PACKAGE   := pyproject.toml hatch_build.py $(wildcard contentsvc/web/translations/*/LC_MESSAGES/*.po)

.DEFAULT_GOAL := help
.PHONY: help up test fuzz check bench lock clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

up: $(RUN_STAMP) ## Run everything on this machine until Ctrl-C
	@exec $(BIN)/contentsvc up

test: $(DEV_STAMP) ## Run every test; brings a browser where there is none
	@$(BIN)/python tests/browser.py
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
# One more at once than there are cores, for those that start the service wait for it; the tests of
# one file stay together, in the order that tests/conftest.py gives them.
	@$(BIN)/python -m pytest --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 1)) \
		--dist loadscope --no-loadscope-reorder
endif

fuzz: $(DEV_STAMP) ## Run the property tests with fresh seeds for five minutes (SEED=n repeats a round)
	@$(BIN)/python -m tests.fuzz $(ARGS)

check: $(DEV_STAMP) ## Lint, types and import contracts, as CI runs them
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(DEV_STAMP) ## Measure speed beside its peers, half an hour (ARGS='lateness --small')
	@$(BIN)/python -m tests.benchmarks $(ARGS)

# The tool that locks stays out of the environment that is locked.
lock: $(DEV_STAMP) ## Pin the dependencies anew (UPGRADE=--upgrade for the newest)
	@$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv==0.13.9
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/uv pip compile --quiet --universal \
	  --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	  pyproject.toml --group build -o requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/uv pip compile --quiet --universal \
	  --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	  pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean: ## Drop the environment and caches; keeps var/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Give another: make PYTHON=python3.13 ...") if sys.version_info < (3, 11) else None'
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "Python's venv is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; \
	  exit 1; }

# The package itself is built with the tools of the lock, so that nothing unpinned is fetched.
$(RUN_STAMP): $(BIN)/python requirements.lock $(PACKAGE)
	@echo "Installing what the service needs"
	@$(PIP) install $(WITH) -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): $(BIN)/python requirements-dev.lock $(PACKAGE)
	@echo "Installing what the tests need"
	@$(PIP) install $(WITH) -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(RUN_STAMP)
