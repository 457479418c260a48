# `make demo` and `make test` need only Python >= 3.11 and make: the first run builds .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench docs catalog clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python >= 3.11 is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

demo: $(VENV)/installed
	@$(BIN)/sentry demo

test: $(VENV)/installed
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/installed
	@for b in benchmarks/bench_*.py; do $(BIN)/python $$b || exit 1; done

# Regenerate the generated pages and, where Chromium is installed, the pictures of a report's page.
docs: $(VENV)/installed
	$(BIN)/python tools/make_docs.py
	$(BIN)/python tools/make_pictures.py

# Regenerate the model catalogue from the newest public price map (needs network).
catalog: $(VENV)/installed
	$(BIN)/python tools/make_catalog.py

clean:
	rm -rf $(VENV) .costsentry .pytest_cache .mypy_cache .ruff_cache .hypothesis
