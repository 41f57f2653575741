# Everything runs from .venv, made on first use. `make lab` opens JupyterLab; `make test` runs every test.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON :=
# Flags handed on, for example: make lab LAB_FLAGS="--no-browser --port 9000", make test TEST_FLAGS="-k pages"
LAB_FLAGS :=
TEST_FLAGS :=
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help lab test notebooks bench check format hooks pins clean
help:
	@echo "make lab        open JupyterLab on the first notebook (installs into .venv on first use)"
	@echo "make test       run every test, the notebooks and the browser tests included"
	@echo "make notebooks  execute every notebook; the HTML goes to build/notebooks/"
	@echo "make bench      run every benchmark"
	@echo "make check      ruff, mypy, nbstripout and the notebook checks"
	@echo "make format     let ruff and nbstripout mend what they can"
	@echo "make hooks      run the checks before every commit"
	@echo "make pins PYTHONS=\"python3.11 python3.12 python3.13\"   write constraints.txt anew"
	@echo "make clean      remove .venv and build"

lab: $(VENV)/.installed
	@$(BIN)/python -m tools.lab $(LAB_FLAGS)

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(TEST_FLAGS)

notebooks: $(VENV)/.installed-test
	$(BIN)/python -m tools.run_notebooks

# A benchmark is a module of benchmarks/ with a main(); each prints its figure last.
bench: $(VENV)/.installed-test
	@modules=$$(grep -l '^def main(' benchmarks/*.py) || { echo "benchmarks/ holds no module with a main()" >&2; exit 1; }; \
	for module in $$modules; do \
		name=benchmarks.$$(basename $$module .py); \
		echo "== $$name"; \
		$(BIN)/python -m $$name || exit 1; \
	done

check: $(VENV)/.installed-test
	$(BIN)/pre-commit run --all-files

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout --keep-id notebooks/*.ipynb

hooks: $(VENV)/.installed-test
	$(BIN)/pre-commit install

pins: $(VENV)/.installed
	$(BIN)/python -m tools.pin_dependencies $(PYTHONS)

clean:
	rm -rf $(VENV) build

# The stamps make a second call start at once; a change of the lists below installs again.
$(VENV)/bin/python:
	@PYTHON="$(PYTHON)" tools/make_venv.sh $(VENV)

# setuptools first, so that the package is built with the pinned one. The headless OpenCV last: both distributions
# own the same cv2 folder, and only the headless one loads on a machine without libGL.
$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install --quiet --constraint constraints.txt setuptools
	$(PIP) install --no-build-isolation --constraint constraints.txt --editable .
	$(PIP) install --quiet --no-deps --force-reinstall --constraint constraints.txt opencv-python-headless
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP) install --no-build-isolation --constraint constraints.txt --editable ".[test]"
	@touch $@
