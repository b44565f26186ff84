# `make` alone lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
WAREHOUSE := .venv
SUPERSET := .venv-superset
BIN := $(WAREHOUSE)/bin
PIP := -m pip --disable-pip-version-check install --require-hashes --no-deps
# Lines that begin with Collecting, counted against the lock file's packages.
COUNT = awk -v all=$$(grep -cE '^[a-z0-9]' $(1)) '/^Collecting/ {printf "\r  %d of at most %d packages", ++n, all; fflush()} END {print ""}'
# Nothing is written outside the checkout and VOXHOUSE_HOME.
export VOXHOUSE_HOME ?= $(CURDIR)/.voxhouse
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
# pip asks rustc for its version, and rustup's stand-in for it would write to HOME.
export RUSTUP_HOME ?= $(CURDIR)/.cache/rustup
export PYTHONPATH := $(CURDIR)

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(WAREHOUSE)/.warehouse $(SUPERSET)/.superset ## A full warehouse on a simulated world, and its dashboards
	@$(BIN)/voxhouse demo

.PHONY: stop
stop: ## End what `make demo` started, by pid
	@$(BIN)/voxhouse stop

.PHONY: setup
setup: $(WAREHOUSE)/.dev $(SUPERSET)/.superset ## Both environments from the hashed lock files, for work on the code

.PHONY: test
test: setup ## The whole suite
	@$(BIN)/python -m pytest

.PHONY: lint
lint: setup ## ruff, mypy --strict, sqlfluff, dbt-bouncer, import arrows, banned SQL functions
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.lint_sql

.PHONY: format
format: setup ## Let ruff put the Python in order
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

.PHONY: bench
bench: setup ## Seconds by stage of the warm demo job, and landing against its floor
	@$(BIN)/python -m benchmarks

.PHONY: lock
lock: ## Compile the lock files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra sandbox pyproject.toml -o requirements/warehouse.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra sandbox --extra test --extra lint -c requirements/warehouse.txt pyproject.toml -o requirements/dev.txt
	uv pip compile --python-version 3.11 --universal --generate-hashes --no-annotate --no-header superset/requirements.in -o requirements/superset.txt

.PHONY: clean
clean: ## Remove the environments and caches; VOXHOUSE_HOME stays
	rm -rf $(WAREHOUSE) $(SUPERSET) .cache .mypy_cache .pytest_cache .ruff_cache

$(WAREHOUSE)/.warehouse: requirements/warehouse.txt pyproject.toml
	@echo "creating the warehouse environment (1-2 minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(WAREHOUSE)
	@$(BIN)/python $(PIP) -r requirements/warehouse.txt | $(call COUNT,requirements/warehouse.txt)
	@$(MAKE) --no-print-directory $(BIN)/voxhouse
	@touch $@

$(WAREHOUSE)/.dev: requirements/dev.txt pyproject.toml
	@echo "creating the warehouse environment with test and lint tools (2 minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(WAREHOUSE)
	@$(BIN)/python $(PIP) -r requirements/dev.txt | $(call COUNT,requirements/dev.txt)
	@$(MAKE) --no-print-directory $(BIN)/voxhouse
	@touch $@ $(WAREHOUSE)/.warehouse

$(BIN)/voxhouse: Makefile
	@printf '#!/bin/sh\nexport PYTHONPATH="%s"\nexec "%s/python" -m orchestration.commands "$$@"\n' "$(CURDIR)" "$(CURDIR)/$(BIN)" > $@
	@chmod +x $@

$(SUPERSET)/.superset: requirements/superset.txt
	@echo "creating Superset's environment (2 minutes, once)"
	@test -x $(SUPERSET)/bin/python || $(PYTHON) -m venv $(SUPERSET)
	@$(SUPERSET)/bin/python $(PIP) -r requirements/superset.txt | $(call COUNT,requirements/superset.txt)
	@touch $@
