# `make demo` and `make test` are all that a fresh machine with Python 3.11, make and git needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test quick torture bench docs site lint types imports audit unit screenshots clean

$(INSTALLED): pyproject.toml constraints.txt
	@echo "installing into $(VENV), about 30 s"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(INSTALLED)
	@RECONCILER=$(CURDIR)/$(BIN)/reconciler sh examples/demo.sh

test: lint types imports audit unit

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

imports: $(INSTALLED)
	$(BIN)/lint-imports --no-logo

# Ruff's S rules, in `lint`, look for what bandit looks for.
audit: $(INSTALLED)
	$(BIN)/python .ci/audit.py

# Whole runs of the program are tested without coverage, which doubles their time; the other tests must reach the floor.
WHOLE := faults stateful pipelines docs benchmarks
unit: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term $(addprefix --ignore=tests/,$(WHOLE))
	$(BIN)/python -m pytest -n 2 --no-cov $(addprefix tests/,$(WHOLE))

# For every edit, in under 20 s: what needs no socket, browser, git or random input. The first run takes longer (mypy).
PURE := apply config diff sanitize model person plan report oracle test_engine.py test_marks.py
QUICK := not slow and not fuzz and not browser and not git
quick: $(INSTALLED)
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy --no-error-summary
	$(BIN)/python -m pytest --quiet -n 2 --no-cov -m "$(QUICK)" $(addprefix tests/,$(PURE))

# Everything that can go wrong, at every point where it can; `test` runs a sample of it.
torture: $(INSTALLED)
	RECONCILER_TORTURE=full $(BIN)/python -m pytest tests/faults tests/stateful -n 2 -o faulthandler_timeout=7200

# Takes a while, and a machine that does nothing else meanwhile; writes benchmarks/RESULTS.md.
bench: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m benchmarks

# The README's pictures; needs Chromium (.ci/browser installs one).
screenshots: $(INSTALLED)
	$(BIN)/python -m tests.screenshots docs/images

# The pages generated from the program: docs/file.md, docs/commands.md, docs/modules.md, and the tables of docs/safety.md.
docs: $(INSTALLED)
	$(BIN)/python docs/generate.py

# The docs site in build/site/html; a broken link fails. `make test` builds it too (tests/docs/test_site.py).
site: $(INSTALLED)
	$(BIN)/python docs/build_site.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage .hypothesis
