# One word a chore. Python 3.11, make and git are all that is needed; everything else goes into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Most of what is slow waits: for processes, for AWS's transitions, for a terminal.
WORKERS ?= $(shell echo $$((4 * $$(nproc 2>/dev/null || echo 2))))
TRIALS  ?= 1000
SEED    ?= 1
GROUP_TRIALS ?= 500
BACKUP_NIGHTS ?= 90
CAMPAIGN_KILLS ?= 500
WORLDS ?= 10000

# Where the shell forbids bytecode, the tests would compile evac at each of the thousand processes they start.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help install demo test quick unit lint types contracts rest tests matrix release chaos night soak aws-files fuzz audit snapshots shots keys cast bench bench-peers bench-soak bench-compare clean constraints

help: ## show the chores
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(STAMP) ## make .venv and install evac with its development tools

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "evac needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.11 install"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "this Python lacks venv; on Debian: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

demo: $(STAMP) ## open the console on the embedded AWS: no account, no network
	$(BIN)/evac --demo

test: $(STAMP) ## everything that must be green, two at a time
	@$(MAKE) --no-print-directory -j 2 rest lint types contracts unit

quick: $(STAMP) ## before each commit: all of `make test` but what starts processes or draws; under a minute
	@$(MAKE) --no-print-directory -j 2 lint types contracts unit

# Python compiles what is new once, before many processes would each do it at the same time.
COMPILED := $(VENV)/.compiled
$(COMPILED): $(STAMP) $(shell find tests tui screens -name '*.py' 2>/dev/null)
	@$(BIN)/python -m compileall -q -j 0 tui screens
	@$(BIN)/pytest --collect-only -qq >/dev/null || true # what is wrong with a test is said by the run itself
	@touch $@

unit: $(STAMP) $(COMPILED) ## the unit tests
	$(BIN)/pytest -q -n auto --dist worksteal tests/unit

lint: $(STAMP) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## mypy --strict
	$(BIN)/mypy

contracts: $(STAMP) ## the arrows between the rooms
	$(BIN)/lint-imports

rest: $(STAMP) $(COMPILED) # of the tests: each of its many workers reads all it may be given, and so not the unit tests too
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --ignore tests/unit

tests: $(STAMP) $(COMPILED) ## pytest
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

matrix: $(STAMP) ## the tests on every Python from 3.11 on that is installed, and on the oldest Textual allowed; asks the package index
	$(BIN)/python -P tools/matrix.py $(ARGS)

release: $(STAMP) ## build sdist and wheel of this commit into dist/, and check them; asks the package index
	$(BIN)/python -P tools/release.py

KEYS ?= 120000
soak: $(STAMP) ## a storm of KEYS keys over all screens, every command with every flag, more hostile bytes: an hour
	$(BIN)/python tests/soak/run.py $(KEYS) $(SEED)
	EVAC_SOAK=1 $(BIN)/pytest -n 0 tests/soak/test_commands.py
	EVAC_AWS_FILES=all $(BIN)/pytest -n 2 tests/aws_files

aws-files: $(STAMP) ## ask the AWS CLI again in every case of tests/aws_files, not in a few (minutes)
	EVAC_AWS_FILES=all $(BIN)/pytest -n 2 tests/aws_files

EXAMPLES ?= 20000
SECONDS_EACH ?= 120
fuzz: $(STAMP) ## hostile bytes for every reader: EXAMPLES a test instead of forty, then atheris for SECONDS_EACH a reader
	EVAC_FUZZ=$(EXAMPLES) $(BIN)/pytest -n $(WORKERS) tests/fuzz tests/unit/test_sanitize.py tests/unit/test_query.py tests/unit/test_config.py tests/unit/test_parser.py
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]' || echo "atheris can't be installed here"
	$(BIN)/python -P tests/fuzz/guided.py $(SECONDS_EACH)

audit: $(STAMP) ## known vulnerabilities of what constraints.txt pins; asks a service on the internet
	@test -x $(VENV)-audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)-audit && $(VENV)-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit; }
	$(VENV)-audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

chaos: $(STAMP) ## kill runners and the console at every boundary: TRIALS=1000 SEED=1 (counts: docs/reliability.md)
	$(BIN)/python -P tests/chaos/harness.py --trials $(TRIALS) --seed $(SEED) --workers 2
	$(BIN)/python -P tests/chaos/groups.py --trials $(GROUP_TRIALS) --seed $(SEED) --workers 2
	$(BIN)/python -P tests/chaos/recoveries.py --recoveries 50 --undos 200 --seed $(SEED)
	$(BIN)/python -P tests/chaos/backups.py --nights $(BACKUP_NIGHTS) --seed $(SEED)
	$(BIN)/python -P tests/chaos/campaigns.py --kills $(CAMPAIGN_KILLS) --seed $(SEED)
	EVAC_SIZES=all CONSOLE_TRIALS=20 $(BIN)/pytest -n 3 tests/journeys/test_groups.py
	EVAC_WORLDS=$(WORLDS) $(BIN)/pytest -n 2 tests/unit/test_campaign_worlds.py
	EVAC_PACE=30 $(BIN)/pytest -n 0 tests/integration/test_campaign_pace.py

ACTIONS ?= 500
night: $(STAMP) ## a shift of ACTIONS questions from one console, others beside it, faults throughout; then each story at each size: up to 100 minutes
	$(BIN)/python -P -m tests.journeys.night $(ACTIONS) $(SEED)
	$(BIN)/python -P tests/chaos/backups.py --nights 31 --seed $(SEED) --lag 20
	$(BIN)/python -P -m tests.soak.watch_week 7 $(SEED)
	EVAC_SIZES=all $(BIN)/pytest -n 3 tests/journeys tests/e2e/test_console.py tests/integration/test_both_faces.py tests/integration/test_cli_output.py

snapshots: $(STAMP) ## accept the screens as they are now (look at the report first)
	$(BIN)/pytest tests/screens --snapshot-update || true # that of whole screens compares with what the next line takes
	$(BIN)/python -P tests/screens/whole_screens.py

shots: $(STAMP) ## the pictures of the documents, from a pseudo-terminal with what `make demo` shows (a minute or two)
	$(BIN)/python -P docs/shots.py

cast: $(STAMP) ## the README's moving picture, from a pseudo-terminal with `make demo` in it (two minutes)
	$(BIN)/python -P docs/cast.py

keys: $(STAMP) ## docs/keys.md and the README's table of keys, from the registry of verbs
	$(BIN)/python -P docs/keys.py

bench: $(STAMP) ## measure everything beside its peers; writes docs/benchmarks.md (some minutes; leave the machine alone)
	$(BIN)/python -m bench $(ARGS)

bench-peers: $(STAMP) ## the peers that only the benchmark needs, in a venv of its own
	$(PYTHON) -m venv bench/.venv
	bench/.venv/bin/python -m pip install --quiet --disable-pip-version-check textual-fastdatatable servonaut

ROUNDS ?= 400
bench-soak: $(STAMP) ## whether memory grows: ROUNDS of polls, inventories and churn, a second each or more
	$(BIN)/python -m bench --rounds $(ROUNDS) soak

bench-compare: $(STAMP) ## two results of it: make bench-compare A=bench/results/… B=bench/results/…
	@$(BIN)/python -m bench.compare $(A) $(B)

constraints: ## pin what a fresh install resolves to today
	rm -rf $(VENV)-pin && $(PYTHON) -m venv $(VENV)-pin
	$(VENV)-pin/bin/python -m pip install --quiet --disable-pip-version-check '.[dev]'
	$(VENV)-pin/bin/python -m pip freeze --exclude evac | grep -v ' @ ' > constraints.txt
	rm -rf $(VENV)-pin

clean: ## remove what make made
	rm -rf $(VENV) $(VENV)-audit .matrix .fuzz dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis snapshot_report.html
