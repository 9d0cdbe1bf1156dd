#!/bin/sh
# Takes a cluster over at a site, on order: fence the other site's database, promote this one's, wait until the service is ready.
#
#   deploy/kubernetes/takeover.sh vitals|tools fra|gra [--fenced]
#
# --fenced: the other site does not say that its database has ended, and you have made sure by another way that it cannot write.
# DNS: the command in ZWEITHERZ_DNS_COMMAND is called with the record and the site, and must point the one to the other.
# Afterwards up.sh brings the other site back as the mirror. Exit code 1: a step failed, and what was done until then stays.
set -eu
refuse() { echo "takeover: $1" >&2; exit 64; }
usage="allowed: vitals|tools fra|gra [--fenced]"
[ $# -ge 2 ] && [ $# -le 3 ] || refuse "$#: so many arguments are not understood ($usage)"
cluster=$1 to=$2 fenced=${3:-}
case $cluster in vitals) record=vitals.heart.test service=vitals ;; tools) record=tools.heart.test service=sentry ;;
  *) refuse "$cluster: no cluster ($usage)" ;; esac
case $to in fra) from=gra ;; gra) from=fra ;; *) refuse "$to: no site ($usage)" ;; esac
case $fenced in '' | --fenced) ;; *) refuse "$fenced: unknown ($usage)" ;; esac
command -v kubectl >/dev/null 2>&1 || refuse "kubectl is not installed"

KUBECONFIG=${KUBECONFIG:-$(cd "$(dirname "$0")" && pwd)/secrets/made/kubeconfig}
export KUBECONFIG
say() { echo "takeover: $cluster: $1" >&2; }
at() { context=$1; shift; kubectl --context "$context" --namespace "$cluster" "$@"; }

# that it was told to end is not that it has ended
if at "$from" --request-timeout 5s scale statefulset/postgres --replicas 0 >&2 &&
  at "$from" wait --for delete pod/postgres-0 --timeout 60s >&2; then
  say "fenced: no database at $from"
elif [ -n "$fenced" ]; then
  say "whether the database at $from has ended is not known here; somebody says that it is fenced"
else
  say "the database at $from may still write: fence it by another way, then say --fenced"
  exit 1
fi
at "$to" exec postgres-0 --container postgres -- sh /conf/promote.sh >&2
at "$to" rollout status "deployment/$service" --timeout 60s >&2
if [ -n "${ZWEITHERZ_DNS_COMMAND:-}" ]; then
  "$ZWEITHERZ_DNS_COMMAND" "$record" "$to"
else
  say "the DNS entry $record has to be pointed to $to (no ZWEITHERZ_DNS_COMMAND)"
fi
say "active at $to"
