# `make demo` and `make test` are all a newcomer needs; each makes the environment it wants in this folder.
PYTHON ?= python3
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check
PY = .venv/bin/python
# -n 2: the suite is written for two cores; more do no harm
PYTEST = $(PY) -m pytest -n $(or $(JOBS),2)

.PHONY: demo test check lint soak bench bench-server bench-artifacts bench-models vendor screenshots bench-ui chromium format lock clean
.DEFAULT_GOAL := test

demo: .venv/.demo
	$(PY) examples/demo.py

test: .venv/.test .envs/mlflow/.ready .envs/mlflow-2/.ready tools/page/node_modules/.ready chromium
	$(PYTEST) -m "not soak"

check: .venv/.test
	$(PYTEST) -x -q -m "not soak and not compat" --ignore tests/faults

lint: .venv/.test tools/page/node_modules/.ready
	$(PY) -m ruff check src tests benchmarks examples tools
	$(PY) -m ruff format --check src tests benchmarks examples tools
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache
	$(PY) tools/check_sizes.py
	.venv/bin/node tools/page/node_modules/typescript/bin/tsc -p tools/page

soak: .venv/.test tools/page/node_modules/.ready chromium .envs/mlflow/.ready .envs/mlflow-2/.ready .envs/training/.ready .envs/tensorflow/.ready
	$(PYTEST) -m soak -v --durations 0 --durations-min 1
	DO_NOT_TRACK=true PYTHONPATH=src .envs/training/bin/python -m pytest -v --durations 0 --durations-min 1 tests/deep
	DO_NOT_TRACK=true PYTHONPATH=src .envs/tensorflow/bin/python -m pytest -v --durations 0 --durations-min 1 tests/deep

bench: .venv/.test
	$(PY) -m benchmarks

bench-server: .venv/.test
	$(PY) -m benchmarks.server

bench-artifacts: .venv/.test
	$(PY) -m benchmarks.artifacts

bench-models: .venv/.test .envs/mlflow/.ready
	$(PY) -m benchmarks.models

bench-ui: .venv/.test .envs/mlflow/.ready chromium
	$(PY) -m benchmarks.ui

format: .venv/.test
	$(PY) -m ruff check --fix -q src tests benchmarks examples tools
	$(PY) -m ruff format src tests benchmarks examples tools

# Needs uv; writes what the requirements mean today, with digests.
COMPILE = uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:
	for name in demo test; do $(COMPILE) pyproject.toml requirements/$$name.in -o requirements/$$name.lock; done
	for name in mlflow mlflow-2; do $(COMPILE) requirements/$$name.in -o requirements/$$name.lock; done
	$(COMPILE) --override requirements/training-without.txt pyproject.toml requirements/training.in -o requirements/training.lock
	$(COMPILE) pyproject.toml requirements/tensorflow.in -o requirements/tensorflow.lock

# The page's libraries, as tools/page/package-lock.json has them, into the page.
vendor: tools/page/node_modules/.ready
	$(PY) tools/vendor.py

# The pictures of docs/: every page, light and dark.
screenshots: .venv/.test chromium
	$(PY) tools/screenshots.py $(PAGES)

clean:
	rm -rf .venv .envs tools/page/node_modules build dist .mypy_cache .ruff_cache .pytest_cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "runstone needs Python 3.11 or newer: make PYTHON=python3.12 ..."'
	$(PYTHON) -m venv .venv || { echo "Python's venv module is missing: apt install python3-venv" >&2; rm -rf .venv; exit 1; }

.venv/.demo: requirements/demo.lock pyproject.toml | .venv/bin/python
	@echo "Installing what the demo needs into .venv ..."
	$(PY) $(PIP_INSTALL) --require-hashes -r requirements/demo.lock
	$(PY) $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.test: requirements/test.lock .venv/.demo
	@echo "Installing what the tests need into .venv ..."
	$(PY) $(PIP_INSTALL) --require-hashes -r requirements/test.lock
	@touch $@

# node and npm come with the tests' packages: nothing but Python need be there.
tools/page/node_modules/.ready: tools/page/package-lock.json .venv/.test
	@echo "Installing what checks the page into tools/page/node_modules ..."
	PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix tools/page ci --silent
	@touch $@

# The browser that the page is tested in: installed where it is missing and the user may; elsewhere these tests say so and are skipped.
chromium:
	@command -v chromium >/dev/null || { echo "Installing chromium, for the tests of the page ..."; \
	  { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; } >/dev/null 2>&1 || \
	  echo "chromium could not be installed: apt-get install chromium"; }

.envs/mlflow/.ready .envs/mlflow-2/.ready .envs/tensorflow/.ready: .envs/%/.ready: requirements/%.lock
	@echo "Installing the real MLflow, for comparison, into .envs/$* (a minute or two) ..."
	rm -rf .envs/$*
	$(PYTHON) -m venv .envs/$*
	.envs/$*/bin/python $(PIP_INSTALL) --require-hashes -r requirements/$*.lock
	@touch $@

# PyTorch comes first and without the lock: a locked one brings gigabytes of CUDA, where pip may be set up to find a build for CPUs.
.envs/training/.ready: requirements/training.lock
	@echo "Installing PyTorch and what trains with it into .envs/training (some minutes, 2 GB) ..."
	rm -rf .envs/training
	$(PYTHON) -m venv .envs/training
	.envs/training/bin/python $(PIP_INSTALL) torch==2.13.0
	.envs/training/bin/python $(PIP_INSTALL) --require-hashes --no-deps -r requirements/training.lock
	@touch $@
