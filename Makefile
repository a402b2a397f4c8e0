# LaunchOpt: `make demo`, `make test`, `make serve`. Needs Python 3.11 or later and make, nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test serve stop lint format clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Create .venv and install everything into it

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("LaunchOpt needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); the first time takes about two minutes"
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[embedded,workers,dev]'
	@touch $@

demo: setup ## Build the demo shop and run one launch in it, then serve it (SERVE=0: do not)
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo
ifneq ($(SERVE),0)
	@exec $(BIN)/python -m launchopt_project.supervisor --port $(PORT)
endif

serve: setup ## Start web, workers and beat on PORT (8000) until Ctrl-C
	@exec $(BIN)/python -m launchopt_project.supervisor --port $(PORT)

test: setup ## Run every test on real PostgreSQL and Redis (TESTS=path: only those)
	@$(BIN)/python -m pytest $(TESTS)

lint: setup ## Check style, types and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Write the code in the project's style
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

stop: ## Stop the embedded PostgreSQL and Redis of LAUNCHOPT_HOME; their data stays
	@test ! -x $(BIN)/python || $(BIN)/python -m launchopt_project.embedded stop

clean: stop ## Remove what tools leave behind; the data of the shop and .venv stay
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
