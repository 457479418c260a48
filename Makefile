# `make demo` and `make test` need only Python >= 3.11 and make: the first run builds .venv.
# Another Python: make test PYTHON=python3.13 VENV=.venv-3.13
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
RELEASE := .release
PYTHONS ?= 3.11 3.12 3.13 3.14

.PHONY: demo test test-pythons lint bench fuzz docs catalog dist lock clean

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

# The whole suite under each supported Python that is on this machine, each in an environment of its own.
test-pythons:
	@for v in $(PYTHONS); do \
	  if command -v python$$v >/dev/null; then $(MAKE) test PYTHON=python$$v VENV=.venv-$$v || exit 1; \
	  else echo "python$$v is not here: not tested"; fi; done

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The peers our speed is measured against have an environment of their own; what both have is of the same version there.
.bench-venv/installed: $(VENV)/installed benchmarks/peers.txt
	$(PYTHON) -m venv .bench-venv
	$(BIN)/python -m pip freeze --exclude-editable > .bench-venv/ours.txt
	.bench-venv/bin/python -m pip install --quiet --requirement benchmarks/peers.txt --constraint .bench-venv/ours.txt
	touch $@

# Prints every figure with its goal and writes docs/performance.md; one above its goal is a failure. About five minutes.
# `make bench FILES="list sync"` measures only those and writes nothing.
bench: .bench-venv/installed
	@$(BIN)/python benchmarks/table.py $(FILES)

# Ten thousand hostile manifests and two thousand requests, each in a process of its own: no trace, < 1 s, < 200 MB.
fuzz: $(VENV)/installed
	$(BIN)/python tools/fuzz.py

# Regenerate the generated pages and, where Chromium is installed, the pictures of a report's page.
docs: $(VENV)/installed
	$(BIN)/python tools/make_docs.py
	$(BIN)/python tools/make_pictures.py

# Regenerate the model catalogue from the newest public price map (needs network).
catalog: $(VENV)/installed
	$(BIN)/python tools/make_catalog.py

$(RELEASE)/installed: pyproject.toml
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(RELEASE)/bin/python -m pip install --quiet --group release
	touch $@

# dist/: wheel, sdist, SBOM (CycloneDX) and SHA256SUMS; built twice and compared, installed alone and run.
dist: $(RELEASE)/installed
	$(RELEASE)/bin/python tools/make_dist.py

# Pin what an installation consists of, with hashes (needs network).
lock: $(RELEASE)/installed
	$(RELEASE)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --output-file requirements.lock

clean:
	rm -rf $(VENV) .venv-* .bench-venv $(RELEASE) dist build .costsentry .pytest_cache .mypy_cache .ruff_cache .hypothesis
