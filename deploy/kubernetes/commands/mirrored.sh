#!/bin/sh
# Is the main database of that site a mirror of the other one, which streams to it and waits for it as it should?
#
#   deploy/kubernetes/commands/mirrored.sh fra|gra      exit code 0: yes, 1: no, 2: nobody could say
set -eu
refuse() { echo "mirrored: $1" >&2; exit 64; }
[ $# -eq 1 ] || refuse "$#: so many arguments are not understood (allowed: fra|gra)"
case $1 in fra) other=gra ;; gra) other=fra ;; *) refuse "$1: no site (allowed: fra|gra)" ;; esac
export KUBECONFIG="${KUBECONFIG:-$(cd "$(dirname "$0")/.." && pwd)/secrets/made/kubeconfig}"
# a word, for kubectl ends with 1 for reasons of its own as well
said=$(kubectl --context "$other" --namespace vitals --request-timeout 20s exec postgres-0 --container postgres -- \
  sh /conf/mirrored.sh) || said=
case $said in
  mirrored) ;;
  'not mirrored') exit 1 ;;
  *) echo "mirrored: the database of $other does not say whether $1 follows" >&2; exit 2 ;;
esac
