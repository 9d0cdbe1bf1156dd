# Two commands for everybody:  make drill   and   make test
# Arguments pass through:      make drill ARGS="--quick"        make drill ARGS="tools-site-loss --lang de"
.PHONY: help setup drill test bench lock clean
.DEFAULT_GOAL := help

ARGS ?=
PY := .venv/bin/python

help:
	@echo 'make drill [ARGS="--quick"]   set up if needed, lose a data centre, print the verdict and the report'
	@echo 'make test                     set up if needed, run the whole test suite'
	@echo 'make bench                    measure the harness itself, as ratios against its peers'
	@echo 'make lock                     pin the dependencies anew     make clean   remove what set-up made'

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml deploy/setup.sh lab/servers.py
	@./deploy/setup.sh

# The first word of ARGS names the drill unless it is an option; make itself turns every failure into its own exit
# code 2, so pipelines that tell failed from inconclusive call .venv/bin/zweitherz, or read results/latest/verdict.json.
drill: .venv/ready
	@.venv/bin/zweitherz drill $(ARGS)

test: .venv/ready
	@./deploy/test.sh

bench: .venv/ready
	@$(PY) -m drill.bench

# Needs uv. The lock carries versions and hashes, and no index address.
lock:
	@uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-header --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

clean:
	@rm -rf .venv .cache .lab .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
