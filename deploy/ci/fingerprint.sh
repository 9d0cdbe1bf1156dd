#!/bin/sh
# Sixteen hex digits of what two runs must share to be comparable: machine, kernel, packages, the drill and the plan's defaults.
# A baseline is kept for each, so that the runners of a fleet are held against their like.
# usage: deploy/ci/fingerprint.sh DRILL|FILE [OPTION]...
set -eu
drill=$1
[ -f "$drill" ] || drill=chaos/experiments/$1.yaml
[ -f "$drill" ] || {
  echo "fingerprint: $1: no such drill" >&2
  exit 64
}
{
  grep -m 1 -e 'model name' -e 'CPU part' /proc/cpuinfo || true # neither on some machines: then the rest has to do
  nproc
  uname -mr
  echo "$@"
  cat requirements.lock pyproject.toml results/plan.py "$drill"
} | sha256sum | cut -c 1-16
