# What can be done with this repository? Needs Python 3.11 or newer with pip, and make; all else is installed here.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
CHECKED := src tests migrations benchmarks campaigns

.DEFAULT_GOAL := help
.PHONY: help install demo bench bench-validate bench-batch overload hours mutants fuzz oracle shapes table lives restart chaos test serve fmt lint clean outage

help:  ## list what can be done
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

install: $(VENV)/installed-server  ## create .venv with claimgw in it

demo: $(VENV)/installed-server  ## play the whole story with real processes; exit 0 only if all came out as stated
	$(BIN)/claimgw demo

serve: $(VENV)/installed-server  ## a gateway and two sandbox insurers to play with, until Ctrl-C; data in var/
	$(BIN)/claimgw demo --stay --folder var --port 8080

hours: $(VENV)/installed-server  ## what is said of an insurer's hours, at every minute of a year in four time zones; 0 if all is right
	$(BIN)/python -m campaigns.hours

mutants: $(VENV)/installed-server  ## spoil the examples, one fault each, and count what is caught; 0 from 99 % up
	$(BIN)/python -m campaigns.mutants $(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON))

fuzz: $(VENV)/installed-server  ## 100,000 messages with any JSON in any place; findings, in linear time
	$(BIN)/python -m campaigns.fuzz $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT))

oracle: $(VENV)/installed-server  ## compare with the HL7 validator, which it fetches; needs java and npm; minutes
	$(BIN)/python -m campaigns.oracle $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) $(if $(JSON),--json $(JSON))

shapes: $(VENV)/installed-server  ## compare what the gateway writes with what a real one wrote; needs recorded messages
	$(BIN)/python -m campaigns.shapes $(if $(MESSAGES),--messages $(MESSAGES))

outage: $(VENV)/installed-test  ## four days without an insurer, 10,000 claims, on both databases; CLAIMS= ROUNDS=
	$(BIN)/python -m campaigns.outage $(if $(CLAIMS),--claims $(CLAIMS)) $(if $(ROUNDS),--rounds $(ROUNDS))

table: $(VENV)/installed-test  ## play every event in every situation and print what came; fails if one cell differs
	@$(BIN)/python -m tests.clearinghouse.catalogue.page

lives: $(VENV)/installed-test  ## random lives of all parties, with crashes, on both databases; 3,000 steps each; SEED= STEPS=
	SEED=$(or $(SEED),1) STEPS=$(or $(STEPS),3000) $(BIN)/python -m pytest -q -rP --show-capture=stdout tests/clearinghouse/test_lives.py

restart: $(VENV)/installed-test  ## restart PostgreSQL under load, with real processes; fails if a claim suffers; RESTARTS= RATE=
	$(BIN)/python -m tests.processes.restart $(if $(RESTARTS),--restarts $(RESTARTS)) $(if $(RATE),--rate $(RATE))

chaos: $(VENV)/installed-test  ## kill -9 at every named point of a message's way, fail databases and insurers; SEED= RUNS= POINTS= BESIDE=
	$(BIN)/python -m campaigns.chaos $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) \
		$(if $(POINTS),--points "$(POINTS)") $(if $(BESIDE),--beside $(BESIDE))

# Without bytecode each process that a test starts would compile the whole package once more.
test: lint  ## all that can be checked: format, lint, types, imports, every test
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist worksteal --junitxml=$(VENV)/tests.xml; code=$$?; \
	$(BIN)/python -m tests.told $(VENV)/tests.xml; exit $$code

bench: $(VENV)/installed-test  ## claims a second against a floor and the usual stack, and more; ONLY= SECONDS= CONNECTIONS= FULL=1 JSON= DOCS=1
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(CONNECTIONS),--connections $(CONNECTIONS)) $(if $(FULL),--full) $(if $(JSON),--json $(JSON)) $(if $(DOCS),--docs)

bench-validate: $(VENV)/installed-server  ## time a verdict, from bytes to findings
	$(BIN)/python -m benchmarks.validate $(if $(JSON),--json $(JSON))

overload: $(VENV)/installed-test  ## 2,000 connections to one gateway, one in ten hostile; fails if it does not hold; CONNECTIONS= SECONDS= SEED= JSON=
	$(BIN)/python -m campaigns.overload $(if $(CONNECTIONS),--connections $(CONNECTIONS)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON))

bench-batch: $(VENV)/installed-test  ## a batch of 200 claims of 20 items: seconds, memory, pauses; fails over a limit
	$(BIN)/python -m benchmarks.batch $(if $(JSON),--json $(JSON))

lint: $(VENV)/installed-test  ## format, lint, types, imports
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/installed-test  ## put the code into its format
	$(BIN)/ruff check --fix-only --quiet $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

clean:  ## remove what was installed or built here; var/ stays
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Some systems ship Python without ensurepip: then the pip beside it fills the environment.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "claimgw needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

$(VENV)/installed-server: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing claimgw into $(VENV) …"
	@$(PIP) --editable '.[server]'
	@touch $@

$(VENV)/installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing claimgw and what its tests need into $(VENV) …"
	@$(PIP) --editable '.[server,test]'
	@touch $@ $(VENV)/installed-server
