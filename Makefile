# On a fresh machine with Python, make and a C compiler, `make demo` and `make test` do everything.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
PATIENTS ?= 1000000
RECORDS ?= 10000
SECONDS ?= 60
REQUESTS ?= 0
NODE := judge fhir-validators messages axe
INSTALLED := $(NODE:%=tools/%/node_modules/.installed)
SITE ?= build/site
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
TESTS_OF_MEANING := $(wildcard tests/model tests/engines tests/evaluator tests/features features)

# The setup of durable-rules 2.0.28 takes the place of CFLAGS, and the compiler's optimisation goes with them. It is not taken from
# pip's cache, which may hold one that was compiled without: its C code takes half as long again.
export CPPFLAGS += -O2

# CPython 3.13 dropped PyEval_CallObject, which durable-rules 2.0.28 still names; gcc 14 and newer refuse to compile it undeclared.
ifeq ($(shell $(PYTHON) -c 'import sys; print(sys.version_info >= (3, 13))' 2>/dev/null),True)
export CPPFLAGS += -DPyEval_CallObject=PyObject_CallObject
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo test lint types contracts format agreement judge review bench bench-population bench-service versions conformance settings clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

venv: $(STAMP)  ## the virtual environment, with mgcds and its development tools in it

$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "mgcds: no $(PYTHON) found: install Python 3.11 or newer, e.g. apt-get install python3 python3-dev python3-venv" >&2; exit 1; }
	@$(PYTHON) tools/check_build.py
	@echo "mgcds: creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "mgcds: installing mgcds and its development tools"
	@$(PIP) --no-cache-dir "$$(grep -o 'durable_rules==[0-9.]*' pyproject.toml)"
	@$(PIP) --editable '.[dev]'
	@touch $@

demo: venv  ## evaluate an example record and print the assessment
	@$(BIN)/mgcds evaluate examples/amara.yaml --on 2026-11-21

test: lint types contracts $(if $(shell command -v npm 2>/dev/null),$(INSTALLED))  ## lint, types, layer contracts and all tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: venv  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: venv  ## mypy --strict
	@$(BIN)/mypy

contracts: venv  ## import-linter: imports point one way
	@$(BIN)/lint-imports

format: venv  ## let ruff repair and format what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

agreement: venv  ## compare the engines on PATIENTS generated records (1000000)
	@$(BIN)/python -m tests.agreement.run $(PATIENTS)

judge: venv tools/judge/node_modules/.installed  ## let the reference compiler and engine of CQL repeat every verdict on RECORDS records (10000)
	@$(BIN)/python -m tests.judge.run $(RECORDS)

tools/%/node_modules/.installed: tools/%/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "mgcds: tools/$* needs Node.js 18 or newer and npm, e.g. apt-get install nodejs npm" >&2; exit 1; }
	@echo "mgcds: installing the packages of tools/$*"
	@npm ci --prefix tools/$* --omit=optional --no-audit --no-fund --loglevel error
	@touch $@

review: venv  ## build the review pages in SITE (build/site), from a run of all scenarios and all small mistakes in the rules
	@mkdir -p build
	@echo "mgcds: asking which small mistakes in the rules no scenario would notice"
	@$(BIN)/mgcds mutate --format json > build/questions.json || test $$? -eq 1
	@echo "mgcds: running the scenarios and writing the pages"
	@$(BIN)/mgcds scenarios --report build/report.json > build/scenarios.txt || test $$? -eq 1
	@$(BIN)/mgcds review --report build/report.json --questions build/questions.json -o $(SITE)

bench: venv  ## measure speed, against zen-engine too
	@$(PIP) --editable '.[bench]'
	@$(BIN)/python -m bench.run

bench-population: venv  ## measure the columnar engine, against Polars and DuckDB too
	@$(PIP) --editable '.[bench]'
	@$(BIN)/python -m bench.population

bench-service: venv  ## measure the service with 50 clients at once, beside an endpoint that only parses
	@$(PIP) --editable '.[bench]'
	@$(BIN)/python -m bench.service --seconds $(SECONDS) --requests $(REQUESTS)

versions:  ## the tests of meaning on every Python from 3.11 to 3.13 that is here
	@tools/versions.sh 3.11 3.12 3.13 -- $(TESTS_OF_MEANING)

conformance: venv  ## write docs/cds-hooks-conformance.md anew
	@$(BIN)/python tools/conformance.py > docs/cds-hooks-conformance.md

settings: venv  ## write docs/service-settings.md anew
	@$(BIN)/python -m mgcds.service.settings > docs/service-settings.md

clean:  ## remove environments, caches and built files
	rm -rf .venv .venv-* $(NODE:%=tools/%/node_modules) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
