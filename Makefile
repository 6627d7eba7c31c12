# Needs only make and Python 3.11 or newer. Everything is installed into .venv, from the lock files.
.DEFAULT_GOAL := help
.PHONY: help demo run test chaos check bench eval clean

# The first of these that is new enough makes .venv; `make PYTHON=/path/to/python …` overrules.
PYTHON ?=
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3.13 python3.12 python3.11 python3.14 python3 python)

# PyPI's torch for Linux brings CUDA along (several GB). For a machine without a GPU:
# make TORCH_INDEX=https://download.pytorch.org/whl/cpu …
TORCH_INDEX ?=

# Passed on: `make test ARGS="-k upload"`.
ARGS ?=

# Tests run in so many processes, each with a stack of its own: a core and a GB.
WORKERS ?= 2
# A file stays together, for what it sets up once; tests/conftest.py says what comes first.
SHARED_OUT := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# pip's own script is the last thing that a new environment gets, so it stands for a whole one.
VENV := .venv/bin/pip
PIP := .venv/bin/python -m pip --disable-pip-version-check install
RUNTIME := .venv/.runtime
DEV := .venv/.dev

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile

demo: $(RUNTIME)  ## Start everything, index the sample PDFs, ask a question, serve until Ctrl-C
	@.venv/bin/footnote demo $(ARGS)

run: $(RUNTIME)  ## Start everything and serve until Ctrl-C
	@.venv/bin/footnote up $(ARGS)

test: $(DEV)  ## Run the tests
	@.venv/bin/python -m pytest $(SHARED_OUT) $(ARGS)

chaos: $(DEV)  ## Kill, stop and starve everything at random for some ten minutes of indexing
	@.venv/bin/python -m pytest tests/chaos -v --chaos-rounds 4 --chaos-seconds 120 $(ARGS)

check: $(DEV)  ## Check format, lint and types
	@.venv/bin/python -m ruff format --check .
	@.venv/bin/python -m ruff check .
	@.venv/bin/python -m mypy

bench: $(DEV)  ## Measure starting, indexing, asking, and what it takes to lose nothing
	@.venv/bin/python -m benchmarks $(ARGS)

eval: $(DEV)  ## Measure how good retrieval and answers are
	@.venv/bin/python -m benchmarks.quality $(ARGS)

clean:  ## Remove what was installed and cached; data in var/ stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage build footnote.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV):
	@for candidate in $(CANDIDATES); do \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "Making .venv with $$("$$candidate" --version)"; \
		"$$candidate" -m venv .venv && exit 0; \
		echo "This Python can't make an environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; \
	done; \
	echo "Footnote needs Python 3.11 or newer; tried: $(CANDIDATES). Say which: make PYTHON=/path/to/python" >&2; \
	exit 1

# Recipes touch their stamp last: an installation that was interrupted is taken up again.
$(RUNTIME): requirements.lock pyproject.toml $(VENV)
	@echo "Installing torch, then the rest of requirements.lock: some minutes, once"
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' requirements.lock)"
	@$(PIP) --quiet -r requirements.lock
	@$(PIP) --quiet --no-deps -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Installing requirements-dev.lock"
	@$(PIP) --quiet -r requirements-dev.lock
	@touch $@
