#!/bin/sh
# A site whose pods are there again follows the site that is active now, and its commits wait for it. Harmless for one that does.
#
#   deploy/kubernetes/commands/rejoin.sh fra|gra
#
# Where the other site was promoted, the database here is started anew: only at its start it is rewound to the other one
# (base/postgres/prepare.sh). Where it was not, this site is the active one still, and the other one has to stream again.
set -eu
refuse() { echo "rejoin: $1" >&2; exit 64; }
[ $# -eq 1 ] || refuse "$#: so many arguments are not understood (allowed: fra|gra)"
site=$1
case $site in fra) other=gra ;; gra) other=fra ;; *) refuse "$site: no site (allowed: fra|gra)" ;; esac
export KUBECONFIG="${KUBECONFIG:-$(cd "$(dirname "$0")/.." && pwd)/secrets/made/kubeconfig}"
at() { context=$1; shift; kubectl --context "$context" --namespace vitals --request-timeout 25s "$@"; }
run() { at "$1" exec postgres-0 --container postgres -- sh "/conf/$2" ${3+"$3"}; }
said() { run "$other" mirrored.sh || :; }

# the fence of a takeover left none
at "$site" scale statefulset/postgres --replicas 1 >&2
case $(said) in
  mirrored) exit 0 ;;
  'not mirrored')
    # the other site writes: what runs here may have come back before it could hear of that
    at "$site" delete pod postgres-0 --ignore-not-found --timeout 20s >&2
    active=$other ;;
  follows) active=$site ;;
  *) echo "rejoin: the database of $other does not say whether it was promoted" >&2; exit 1 ;;
esac
at "$site" rollout status statefulset/postgres --timeout 20s >&2
run "$active" synchronous.sh 10 >&2
