# `make train` and `make test` work on a fresh machine with Python, make and git: both first make .venv and install into it.
#   STACK=openmmlab           OpenMMLab's own packages instead of the maintained forks, in .venv-classic
#   PYTHON=python3.12         the interpreter that .venv is made with (3.11 to 3.13)
#   TORCH='torch==2.9.1'      another torch than the tested one, say one that fits the CUDA driver
#   CONFIG=... WORK_DIR=...   train another config, into another folder
#   ARGS='--amp'              more arguments for tools/train.py;  PYTEST_ARGS='-x -k uafm'  for pytest
STACK ?= onedl
VENV ?= $(if $(filter openmmlab,$(STACK)),.venv-classic,.venv)
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
TORCH ?= torch==2.13.0
CONFIG ?= configs/ppliteseg/ppliteseg_stdc1_1xb4-1200_synthetic-144x192.py
WORK_DIR ?= work_dirs/$(basename $(notdir $(CONFIG)))
PYTEST_ARGS ?= -n 2

PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
BUSY := $(VENV)/.installing
CONSTRAINTS := requirements/constraints-$(STACK).txt
# mmcv's operators take 15 to 40 minutes to compile: their wheel is kept where distclean does not reach.
WHEELS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/mmseg_liteseg/wheels
PIP := $(PY) -m pip install --disable-pip-version-check -q -c '$(VENV)/constraints.txt'
# What the installation depends on besides files: where it stands (an editable install holds the path) and which torch,
# and which stack, if not the default one.
STATE := $(strip $(CURDIR) $(TORCH) $(filter openmmlab,$(STACK)))

ifeq ($(filter $(STACK),onedl openmmlab),)
$(error STACK=$(STACK): expected onedl or openmmlab)
endif

.PHONY: help install train test test-classic test-cpus lint format clean distclean FORCE
.DEFAULT_GOAL := help

help:
	@echo 'make train      install, train the default model on synthetic street scenes, print IoU per class and the pictures'
	@echo 'make test       install, run the whole test suite'
	@echo 'make test-cpus  run it as older processors would, with one and two threads: nine runs and a table;'
	@echo '                CPUS_ARGS="--only avx2 oldest" picks'
	@echo 'make test-classic   the same with the packages of OpenMMLab in place of their maintained forks; compiles mmcv the first time'
	@echo 'make install    only make $(VENV) and install into it, with pinned versions'
	@echo 'make lint       check style;  make format  mend what can be mended'
	@echo 'make clean      remove results of builds and tests;  make distclean  remove the environments too'

train: install
	$(PY) tools/train.py '$(CONFIG)' --work-dir '$(WORK_DIR)' $(ARGS)
	$(PY) tools/report.py '$(CONFIG)' "$$(ls -t '$(WORK_DIR)'/best_mIoU_iter_*.pth | head -n 1)" --work-dir '$(WORK_DIR)'

test: install
	$(PY) -m pytest $(PYTEST_ARGS)

test-classic:
	@$(MAKE) --no-print-directory test STACK=openmmlab

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

# An interrupted installation leaves BUSY behind, and its environment is not trusted; neither is one of another Python or stack.
$(STAMP): setup.cfg setup.py pyproject.toml $(CONSTRAINTS)
	@test -n '$(PYTHON)' || { echo 'no Python 3.11 to 3.13 with venv found: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@version() { "$$1" -c 'import sys, venv; print(*sys.version_info[:2], sep=".")' 2>/dev/null; }; \
	wanted=$$(version '$(PYTHON)'); \
	case "$$wanted" in 3.11|3.12|3.13) ;; \
	*) echo "PYTHON=$(PYTHON): expected Python 3.11 to 3.13 with its venv module, found $${wanted:-none}" >&2; exit 1 ;; esac; \
	if [ -e '$(BUSY)' ] || [ "$$(version '$(PY)')" != "$$wanted" ] || ! '$(PY)' -m pip --version >/dev/null 2>&1 || \
	grep -qsvx '$(STACK)' '$(VENV)/.stack'; \
	then echo 'making $(VENV)'; '$(PYTHON)' -m venv --clear '$(VENV)'; fi
	@rm -f '$(STAMP)' && touch '$(BUSY)' && echo '$(STACK)' > '$(VENV)/.stack'
	@echo 'installing into $(VENV): a minute or two, longer where torch comes with CUDA'
	@sed 's/^torch==.*//' $(CONSTRAINTS) > '$(VENV)/constraints.txt'
ifeq ($(STACK),openmmlab)
	$(PIP) '$(TORCH)'
	PY='$(PY)' bash requirements/install_mmcv.sh '$(WHEELS)' '$(VENV)/constraints.txt'
endif
	$(PIP) '$(TORCH)' -e '.[$(STACK),dev,deploy]'
	@# without what it depends on, which names the classic stack's packages; it has none for every kind of machine
	$(PIP) --no-deps mmdeploy || echo 'no mmdeploy for this machine: its tests are skipped'
	@# aside: only pretraining needs it, and without CUDA it comes without operators, which its import does not survive
	@rm -rf '$(VENV)/torchvision'
	$(PIP) --no-deps --target '$(VENV)/torchvision' torchvision timm || echo 'no torchvision for this machine: tests that need it are skipped'
	@echo '$(STATE)' > '$(STAMP)' && rm '$(BUSY)'

clean:
	rm -rf build dist .pytest_cache .ruff_cache
	find configs mmseg_liteseg tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf '$(VENV)' .venv .venv-classic mmseg_liteseg/.mim *.egg-info
