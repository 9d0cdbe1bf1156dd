#!/bin/sh
# After a drill that passed on the main branch: it is what later ones of its like are held against. Of others' baselines the
# latest few are kept.
# usage: deploy/ci/keep-baseline.sh DRILL [OPTION]...     the same as for drill.sh
set -eu
most=4
own=results/baseline/$(deploy/ci/fingerprint.sh "$@")
rm -rf "$own"
mkdir -p "$own"
cp -R "$(readlink -f results/latest)" "$own/"
ls -t results/baseline | tail -n +$((most + 1)) | while read -r old; do
  rm -rf "results/baseline/$old"
done
