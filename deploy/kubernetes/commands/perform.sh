#!/bin/sh
# One step of the runbook that takes the main cluster over, at the surviving site; what it did is in the journal.
#
#   deploy/kubernetes/commands/perform.sh fra|gra detect|fence|promote|dns|declare
#
# detect: the other site's service is not ready, or its cluster does not answer; fence: its database is seen to be gone; promote: this
# one's takes writes; dns: the command in ZWEITHERZ_DNS_COMMAND is called as by takeover.sh; declare: the service here is ready.
# Exit code 1: the step failed, and what was done until then stays. A site that does not answer cannot be fenced from here.
set -eu
refuse() { echo "perform: $1" >&2; exit 64; }
usage="allowed: fra|gra detect|fence|promote|dns|declare"
[ $# -eq 2 ] || refuse "$#: so many arguments are not understood ($usage)"
to=$1 step=$2
case $to in fra) from=gra ;; gra) from=fra ;; *) refuse "$to: no site ($usage)" ;; esac
made=$(cd "$(dirname "$0")/.." && pwd)/secrets/made
# the operators' own: what a drill may do (drill.kubeconfig) is not enough to run a program in a pod
export KUBECONFIG="${KUBECONFIG:-$made/kubeconfig}"
at() { context=$1; shift; kubectl --context "$context" --namespace vitals --request-timeout 45s "$@"; }
note() { # state, why
  printf '{"t_unix_ns": %s, "cluster": "main", "site": "%s", "step": "%s", "state": "%s", "procedure": "takeover"%s}\n' \
    "$(date +%s%N)" "$to" "$step" "$1" "${2:+, \"why\": \"$2\"}" >>"$made/journal.ndjson"
}

do_detect() {
  if ! ready=$(kubectl --context "$from" --namespace vitals --request-timeout 5s get deployment vitals \
    --output 'jsonpath={.status.readyReplicas}'); then
    echo "perform: the cluster of $from does not answer" >&2
    return 0
  fi
  [ "${ready:-0}" = 0 ] || { why="$ready servers of $from are ready"; return 1; }
}

# that it was told to end is not that it has ended
do_fence() {
  why="the database of $from may still write"
  at "$from" scale statefulset/postgres --replicas 0 >&2 && at "$from" wait --for delete pod/postgres-0 --timeout 40s >&2
}

do_promote() { at "$to" exec postgres-0 --container postgres -- sh /conf/promote.sh >&2 || { why="not promoted"; return 1; }; }

do_dns() {
  [ -n "${ZWEITHERZ_DNS_COMMAND:-}" ] || { why="no ZWEITHERZ_DNS_COMMAND"; return 1; }
  "$ZWEITHERZ_DNS_COMMAND" vitals.heart.test "$to" >&2 || { why="ZWEITHERZ_DNS_COMMAND failed"; return 1; }
}

do_declare() {
  at "$to" rollout status deployment/vitals --timeout 40s >&2 || { why="the service of $to is not ready"; return 1; }
}

case $step in detect | fence | promote | dns | declare) ;; *) refuse "$step: no step ($usage)" ;; esac
note begin
why=
if "do_$step"; then
  note end
else
  note failed "$why"
  echo "perform: $step at $to: $why" >&2
  exit 1
fi
