#!/bin/sh
# How many milliseconds a round trip over the private link takes: from the database's pod at gra to the one at fra, as replication
# goes. Nothing is printed where none comes back.
#
#   deploy/kubernetes/commands/private_round_trip.sh      exit code 2: nobody could say
#
# It is begun at gra, the second site: a link that passes one way only takes what fra begins.
set -eu
refuse() { echo "private_round_trip: $1" >&2; exit 64; }
unknown() { echo "private_round_trip: $1" >&2; exit 2; }
[ $# -eq 0 ] || refuse "$#: so many arguments are not understood (allowed: none)"
export KUBECONFIG="${KUBECONFIG:-$(cd "$(dirname "$0")/.." && pwd)/secrets/made/kubeconfig}"
at() { context=$1; shift; kubectl --context "$context" --namespace vitals --request-timeout 20s "$@"; }
said=$(at gra exec postgres-0 --container postgres -- perl /conf/link.pl round_trip) || said=
case $said in
  nothing)
    # a database that is not there answers as little as one behind a link that is down
    ready=$(at fra get pod postgres-0 --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') || ready=
    [ "$ready" = True ] || unknown "nothing comes back, and the database of fra is not ready: that says nothing of the link" ;;
  '' | *[!0-9.]*) unknown "the database of gra does not say how long a round trip takes" ;;
  *) echo "$said" ;;
esac
