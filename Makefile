# make demo: install, make the default cohort, do the main job. make test: everything tested.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo test fast check lab docs clean

demo: $(STAMP)
	$(BIN)/skinage run --out results/demo
	@echo "open results/demo/report.html"

test: $(STAMP) check
	$(BIN)/python -m pytest --durations=25

fast: $(STAMP)
	$(BIN)/python -m pytest -m "not slow"

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

lab: $(STAMP)
	$(BIN)/jupyter lab notebooks

docs: $(STAMP)
	$(BIN)/python .ci/reference.py results/reference
	@echo "open results/reference/index.html"

# The constraints pin every package to versions that were tried together.
$(STAMP): pyproject.toml .ci/constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint .ci/constraints.txt --editable ".[trees,tests,docs]"
	touch $@

clean:
	rm -rf .venv results
