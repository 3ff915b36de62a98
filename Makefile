# `make up` runs the service and `make test` the tests. Each installs what it needs, given git, make
# and Python 3.11 or newer with venv. `make PYTHON=python3.13 …` uses another Python.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP     = $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
WITH    = --require-hashes --only-binary=:all:

# Their times say when the environment was installed; a lock or catalogue that changed since is newer.
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
PACKAGE   := pyproject.toml hatch_build.py $(wildcard contentsvc/web/translations/*/LC_MESSAGES/*.po)

.DEFAULT_GOAL := help
.PHONY: help up test long unit fuzz clocks check docs mutate bench lock clean

CORES = $$(getconf _NPROCESSORS_ONLN)

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

up: $(RUN_STAMP) ## Run everything on this machine until Ctrl-C
	@exec $(BIN)/contentsvc up

# One process more than there are cores, because tests that start the service wait for it. The tests
# of one file run in one process, and tests/conftest.py orders the files, the longest first.
test: $(DEV_STAMP) ## Run the tests; installs a browser if there is none (ARGS='-k weeks')
	@$(BIN)/python tests/browser.py
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@$(BIN)/python -m pytest --numprocesses $$(($(CORES) + 1)) \
		--dist loadscope --no-loadscope-reorder $(if $(COVERAGE),--cov --cov-report=term)
endif

long: $(DEV_STAMP) ## Run the long tests: 200 rounds of faults, each benchmark (PART=faults)
	@set -e; for part in $(or $(PART),faults benchmarks); do case $$part in \
	  faults) $(BIN)/python -m pytest tests/faults --fault-rounds 200 ;; \
	  benchmarks) $(BIN)/python -m pytest tests/acceptance --long ;; \
	  *) echo "error: PART is faults or benchmarks, not $$part" >&2; exit 2 ;; \
	  esac; done

unit: $(DEV_STAMP) ## Run the unit tests, less than a minute (ARGS='-k weeks')
	@$(BIN)/python -m pytest tests/unit --numprocesses $(CORES) --quiet $(ARGS)

fuzz: $(DEV_STAMP) ## Run the property tests with fresh seeds for five minutes (SEED=n repeats a round)
	@$(BIN)/python -m tests.fuzz $(ARGS)

clocks: $(DEV_STAMP) ## Run every test at odd instants, ten minutes each (CLOCK=leap-day)
	@$(BIN)/python -m tests.clocks $(CLOCK)

check: $(DEV_STAMP) ## Check style, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

docs: $(DEV_STAMP) ## Build docs/ as a searchable site in site/; check its links and anchors
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "Open site/index.html, or serve it: $(BIN)/mkdocs serve"

mutate: $(DEV_STAMP) ## Change code on purpose and see the tests fail (ARGS='deliveries')
	@$(BIN)/python -m tests.mutation $(ARGS)

bench: $(DEV_STAMP) ## Measure speed beside other schedulers, two hours (ARGS='lateness --small')
	@$(BIN)/python -m tests.benchmarks $(ARGS)

# uv has an environment of its own, so that it is no part of what it locks.
lock: $(DEV_STAMP) ## Pin the dependencies again (UPGRADE=--upgrade for the newest versions)
	@$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv==0.13.9
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/uv pip compile --quiet --universal \
	  --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	  pyproject.toml --group build -o requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/uv pip compile --quiet --universal \
	  --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	  pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean: ## Delete the environment, caches and the built site, not var/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build dist site

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Give another: make PYTHON=python3.13 ...") if sys.version_info < (3, 11) else None'
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "Python's venv is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; \
	  exit 1; }

# The package itself is built with locked tools, so that nothing unpinned is downloaded.
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
