#!/bin/sh
# The whole test suite, cheapest stage first; stops at the first stage that fails. Ends with what pytest counts.
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

# Tests with a lab or a drill wait most of their time. The others compute meanwhile, and give way to them.
echo "== tests (pytest): those that use a lab here, the others beside them"
mkdir -p .cache
others=.cache/tests-without-a-lab.log
nice -n 19 $bin/python -m pytest -m "not lab and not drill" --durations=10 >"$others" 2>&1 &
beside=$!
trap 'kill "$beside" 2>/dev/null || :' INT TERM
code=0
$bin/python -m pytest -m "lab or drill" --durations=10 || code=$?
echo "== tests without a lab"
wait "$beside" || code=$?
cat "$others"
exit "$code"
