# The commands to know: make demo, make test, make check, make bench, make docs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# A worker a core; each may take 1 GB. JOBS=0 runs the tests one after the other in one process.
JOBS ?= auto
PYTEST := $(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 8 --dist worksteal
STAMP := $(VENV)/.installed

.PHONY: init demo test test-fast check audit format bench sbom docs clean

init: $(STAMP)

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $(STAMP)

demo: init ## four simulated weeks; ONCE=1 stops at the end instead of leaving the server running
	$(BIN)/samouk demo $(if $(ONCE),--once)

test: init ## every test, the long ones too
	$(PYTEST)

test-fast: init ## without the tests marked slow
	$(PYTEST) -m "not slow"

check: init ## style, types, architecture, every learner's contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/samouk check
	$(BIN)/python docs/reference.py --check

audit: init ## known weaknesses of what is installed; needs the network
	$(BIN)/pip-audit --skip-editable --strict

format: init
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: init ## every benchmark; figures land in benchmarks/results
	$(BIN)/python -m benchmarks

sbom: ## what the platform is made of, as CycloneDX, in dist/samouk.cdx.json
	rm -rf dist/sbom && $(PYTHON) -m venv dist/sbom
	dist/sbom/bin/pip install --quiet --upgrade pip
	dist/sbom/bin/pip install --quiet ".[server,scale,telemetry]"
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file dist/samouk.cdx.json dist/sbom/bin/python
	rm -rf dist/sbom

docs: init ## the pages generated from the code
	$(BIN)/python docs/reference.py
	$(BIN)/pdoc --output-directory site samouk.edge samouk.loop samouk.domains

clean:
	rm -rf build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
