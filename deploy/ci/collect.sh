#!/bin/sh
# After a drill, whatever came of it: puts what people look at into results/ci, and on the page of the job where there is one.
set -eu
out=results/ci
show() { # on GitHub's page of the job
  [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"
}
mkdir -p "$out"
latest=$(readlink results/latest || echo none)
# what was the latest before is not what came of this drill; where nothing was noted, set-up failed and there was no drill
before=$(cat "$out/.before" 2>/dev/null || echo "$latest")
if [ "$latest" = none ] || [ "$latest" = "$before" ]; then
  echo "# No run: the drill was refused, or broke off. The log of the job says why." >"$out/summary.md"
  show
  exit 0
fi
for name in summary.md junit.xml verdict.json comparison.json report.en.html; do
  # a document that was withheld is not there, and neither is a comparison where there was no baseline
  [ ! -f "results/latest/$name" ] || cp "results/latest/$name" "$out/$name"
done
[ -f "$out/summary.md" ] || echo "# The summary was withheld: see logs/report.log in the evidence" >"$out/summary.md"
show
# a run that a guard ended is evidence as well; the pack says so where it is not whole
.venv/bin/zweitherz pack latest --incomplete --out "$out/evidence.tar"
if [ -n "${GITHUB_ACTIONS:-}" ]; then
  .venv/bin/zweitherz annotate latest
fi
.venv/bin/zweitherz annotate latest --format gitlab >"$out/gl-code-quality.json"
