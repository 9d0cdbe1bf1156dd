#!/bin/sh
# Which share (0 to 1) of so many round trips over the private link did not come back at the first attempt: from the database's pod at
# gra to the one at fra, as replication goes.
#
#   deploy/kubernetes/commands/private_loss.sh --rounds N      exit code 2: nobody could say
set -eu
refuse() { echo "private_loss: $1" >&2; exit 64; }
usage="allowed: --rounds N, from 1 to 3000"
[ $# -eq 2 ] || refuse "$#: so many arguments are not understood ($usage)"
[ "$1" = --rounds ] || refuse "$1: unknown ($usage)"
case $2 in '' | 0* | *[!0-9]* | ?????*) refuse "--rounds $2: no such number ($usage)" ;; esac
[ "$2" -le 3000 ] || refuse "--rounds $2: too many for a minute ($usage)"
export KUBECONFIG="${KUBECONFIG:-$(cd "$(dirname "$0")/.." && pwd)/secrets/made/kubeconfig}"
said=$(kubectl --context gra --namespace vitals --request-timeout 50s exec postgres-0 --container postgres -- \
  perl /conf/link.pl loss "$2") || said=
case $said in
  [01].[0-9]*) echo "$said" ;;
  *) echo "private_loss: the database of gra does not say how much is lost on the way to fra" >&2; exit 2 ;;
esac
