#!/bin/sh
# A drill as the gate of a pipeline, held against the baseline of its like where there is one. ZWEITHERZ_NEW_BASELINE=1 leaves
# the old one out, for a change that is meant. Ends with the exit code of the drill, and says in words what that means.
# usage: deploy/ci/drill.sh DRILL [OPTION]...
set -u
# what was the latest run before is not what came of this one: see collect.sh
rm -rf results/ci
mkdir -p results/ci
readlink results/latest >results/ci/.before || echo none >results/ci/.before

baseline=
if [ -z "${ZWEITHERZ_NEW_BASELINE:-}" ]; then
  for plan in results/baseline/"$(deploy/ci/fingerprint.sh "$@")"/*/plan.yaml; do
    [ ! -f "$plan" ] || baseline=${plan%/plan.yaml}
  done
fi
if [ -n "$baseline" ]; then
  set -- "$@" --baseline "$baseline"
else
  echo "zweitherz: no baseline for this machine and this drill: nothing is compared"
fi

code=0
.venv/bin/zweitherz drill "$@" --plain || code=$?
case $code in
  0) said="pass" ;;
  1) said="fail: a check is red, or a figure is worse than its baseline" ;;
  2) said="inconclusive: something could not be checked or compared, so nobody knows" ;;
  3) said="aborted by a guard before the end" ;;
  4) said="the clean-up failed: somebody must look at the target (zweitherz undo latest)" ;;
  64) said="refused: bad input, nothing was broken" ;;
  *) said="broke off: no verdict" ;;
esac
echo "zweitherz: exit code $code, $said"
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "exit_code=$code" >>"$GITHUB_OUTPUT"
fi
exit "$code"
