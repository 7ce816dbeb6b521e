# Every target sets itself up: a virtual environment in .venv, from constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test tiny-base lint page bench chaos clean help

help: ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# torch goes first and pinned: an unpinned torch may bring gigabytes of CUDA libraries. Of Label
# Studio's SDK the tests use its checks alone; what else it wants brings a second OpenCV.
$(READY): setup.py pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet "$$(grep '^torch==' constraints.txt)"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	$(BIN)/pip install --quiet --no-deps "$$(grep '^label-studio-sdk==' constraints.txt)"
	touch $(READY)

demo: $(READY) ## Turn four small videos into a dataset and train COSMO on it, on this machine, offline
	$(BIN)/interlink demo --output demo

# The tiny base first: what is tested with a time limit must not wait for four minutes of training.
test: $(READY) tiny-base ## Run all tests
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal -m "not alone"
	$(BIN)/python -m pytest -m alone

lint: $(READY) ## Check style, types and spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	MYPYPATH=.lib $(BIN)/mypy -p interlink.schemas -p interlink.transforms -p interlink.pipeline -p interlink.model -p interlink.examples
	$(BIN)/codespell

page: ## Check and build the review page; after `npm --prefix site ci`, of Node alone
	npm --prefix site test
	npm --prefix site run build

tiny-base: $(READY) ## Train the small language model and vision tower of `debug`, once, offline
	$(BIN)/python -m interlink.model.tiny

bench: $(READY) ## Measure accuracy, scan, engines, plans, loader, exports, a soak; writes dated reports to benchmarks/reports
	$(BIN)/python benchmarks/scan_vs_decode.py
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/plan_resume.py
	$(BIN)/python benchmarks/loader.py
	$(BIN)/python benchmarks/audit_export.py
	$(BIN)/python benchmarks/soak.py
	$(BIN)/python benchmarks/accuracy.py

chaos: $(READY) ## Strike 240 runs with faults, on every engine, for an hour; goes on where it was interrupted
	$(BIN)/python benchmarks/chaos.py

clean: ## Remove what the other targets made
	rm -rf $(VENV) demo runs chaos build *.egg-info
