#!/bin/sh
# The whole test suite, cheapest stage first; stops at the first stage that fails. Closes on pytest's own counts.
set -eu
bin=.venv/bin
stage() {
  echo "== $1"
  shift
  "$@"
}
stage "lint (ruff check)" $bin/ruff check --quiet .
stage "format (ruff format)" $bin/ruff format --quiet --check .
stage "types (mypy)" $bin/mypy
stage "import rules (import-linter)" $bin/lint-imports --no-logo
# pages are tried in a real browser; where none can be had, pytest says which tests were left out, and why
stage "browser (Debian's Chromium)" $bin/python -m lab.servers chromium || echo "no browser: tests of pages are skipped"
stage "tests (pytest)" $bin/python -m pytest --durations=10
