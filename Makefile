# `make train` and `make test` work on a fresh machine with Python, make and git: both first make .venv and install into it.
#   PYTHON=python3.12         the interpreter that .venv is made with (3.11 to 3.13)
#   TORCH='torch==2.9.1'      another torch than the tested one, say one that fits the CUDA driver
#   CONFIG=... WORK_DIR=...   train another config, into another folder
#   ARGS='--amp'              more arguments for tools/train.py;  PYTEST_ARGS='-x -k uafm'  for pytest
VENV ?= .venv
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
TORCH ?= torch==2.13.0
CONFIG ?= configs/ppliteseg/ppliteseg_stdc1_1xb4-1200_synthetic-144x192.py
WORK_DIR ?= work_dirs/$(basename $(notdir $(CONFIG)))
PYTEST_ARGS ?= -n 2

PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
BUSY := $(VENV)/.installing
CONSTRAINTS := requirements/constraints-onedl.txt
# What the installation depends on besides files: where it stands (an editable install holds the path) and which torch.
STATE := $(CURDIR) $(TORCH)

.PHONY: help install train test test-cpus lint format clean distclean FORCE
.DEFAULT_GOAL := help

help:
	@echo 'make train      install, train the default model on synthetic street scenes, print IoU per class and the pictures'
	@echo 'make test       install, run the whole test suite'
	@echo 'make test-cpus  run it as older processors would, with one and two threads: nine runs and a table;'
	@echo '                CPUS_ARGS="--only avx2 oldest" picks'
	@echo 'make install    only make $(VENV) and install into it, with pinned versions'
	@echo 'make lint       check style;  make format  mend what can be mended'
	@echo 'make clean      remove results of builds and tests;  make distclean  remove $(VENV) too'

train: install
	$(PY) tools/train.py '$(CONFIG)' --work-dir '$(WORK_DIR)' $(ARGS)
	$(PY) tools/report.py '$(CONFIG)' "$$(ls -t '$(WORK_DIR)'/best_mIoU_iter_*.pth | head -n 1)" --work-dir '$(WORK_DIR)'

test: install
	$(PY) -m pytest $(PYTEST_ARGS)

test-cpus: install
	$(PY) -m tests.cpus $(CPUS_ARGS) -- $(PYTEST_ARGS)

lint: install
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: install
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

install: $(STAMP)

ifneq ($(shell cat '$(STAMP)' 2>/dev/null),$(STATE))
$(STAMP): FORCE
endif
ifneq ($(filter command environment,$(firstword $(origin PYTHON))),)
ifneq ($(shell $(PYTHON) -c 'import sys; print(sys.version_info[:2])' 2>&1),$(shell $(PY) -c 'import sys; print(sys.version_info[:2])' 2>&1))
$(STAMP): FORCE
endif
endif

# An interrupted installation leaves BUSY behind, and its environment is not trusted; neither is one of another Python.
$(STAMP): setup.cfg setup.py pyproject.toml $(CONSTRAINTS)
	@test -n '$(PYTHON)' || { echo 'no Python 3.11 to 3.13 with venv found: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@version() { "$$1" -c 'import sys, venv; print(*sys.version_info[:2], sep=".")' 2>/dev/null; }; \
	wanted=$$(version '$(PYTHON)'); \
	case "$$wanted" in 3.11|3.12|3.13) ;; \
	*) echo "PYTHON=$(PYTHON): expected Python 3.11 to 3.13 with its venv module, found $${wanted:-none}" >&2; exit 1 ;; esac; \
	if [ -e '$(BUSY)' ] || [ "$$(version '$(PY)')" != "$$wanted" ] || ! '$(PY)' -m pip --version >/dev/null 2>&1; \
	then echo 'making $(VENV)'; '$(PYTHON)' -m venv --clear '$(VENV)'; fi
	@rm -f '$(STAMP)' && touch '$(BUSY)'
	@echo 'installing into $(VENV): a minute or two, longer where torch comes with CUDA'
	@sed 's/^torch==.*//' $(CONSTRAINTS) > '$(VENV)/constraints.txt'
	$(PY) -m pip install --disable-pip-version-check -q -c '$(VENV)/constraints.txt' '$(TORCH)' -e '.[onedl,dev,deploy]'
	@# without what it depends on, which names the classic stack's packages; it has none for every kind of machine
	$(PY) -m pip install --disable-pip-version-check -q -c '$(VENV)/constraints.txt' --no-deps mmdeploy || echo 'no mmdeploy for this machine: its tests are skipped'
	@echo '$(STATE)' > '$(STAMP)' && rm '$(BUSY)'

clean:
	rm -rf build dist .pytest_cache .ruff_cache
	find configs mmseg_liteseg tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf '$(VENV)' mmseg_liteseg/.mim *.egg-info
