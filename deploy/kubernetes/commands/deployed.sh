#!/bin/sh
# What each application server of that site shows at its own port, ready or not: a JSON object a line. Its clock is compared with the
# one here, and seems to be ahead by what it takes to reach the pod, a second or so.
#
#   deploy/kubernetes/commands/deployed.sh fra|gra      exit code 2: not all of them could be looked at
set -eu
refuse() { echo "deployed: $1" >&2; exit 64; }
[ $# -eq 1 ] || refuse "$#: so many arguments are not understood (allowed: fra|gra)"
case $1 in fra | gra) site=$1 ;; *) refuse "$1: no site (allowed: fra|gra)" ;; esac
export KUBECONFIG="${KUBECONFIG:-$(cd "$(dirname "$0")/.." && pwd)/secrets/made/kubeconfig}"
at() { kubectl --context "$site" --namespace vitals --request-timeout 10s "$@"; }
unknown() { echo "deployed: $1" >&2; exit 2; }
pods=$(at get pods --selector app=vitals --field-selector status.phase=Running --output name) ||
  unknown "the cluster of $site does not say which servers it has"
[ -n "$pods" ] || unknown "no server of $site runs"
shown=
for pod in $pods; do
  one=$(at exec "$pod" --container vitals -- python -m lab.vitals.shown 8443 "$(date +%s)") ||
    unknown "$pod of $site does not show what it is"
  shown="$shown$one
"
done
printf %s "$shown"
