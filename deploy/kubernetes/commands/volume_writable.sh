#!/bin/sh
# Does the volume of that site's main database take a few blocks? They are written beside its tables, and taken away again.
#
#   deploy/kubernetes/commands/volume_writable.sh fra|gra      exit code 0: yes, 1: there is no space, 2: nobody could say
set -eu
refuse() { echo "volume_writable: $1" >&2; exit 64; }
[ $# -eq 1 ] || refuse "$#: so many arguments are not understood (allowed: fra|gra)"
case $1 in fra | gra) ;; *) refuse "$1: no site (allowed: fra|gra)" ;; esac
export KUBECONFIG="${KUBECONFIG:-$(cd "$(dirname "$0")/.." && pwd)/secrets/made/kubeconfig}"
# a word, for kubectl ends with 1 for reasons of its own as well; beside the tables, for chaos may refuse writes there alone
# shellcheck disable=SC2016 # the container's own PGDATA
said=$(kubectl --context "$1" --namespace vitals --request-timeout 20s exec postgres-0 --container postgres -- sh -c '
  probe="$PGDATA/base/zweitherz-probe"
  if why=$(LC_ALL=C dd if=/dev/zero of="$probe" bs=4096 count=4 conv=fsync 2>&1); then echo written
  else case $why in *"No space left on device"*) echo full ;; *) echo "$why" >&2 ;; esac fi
  rm -f "$probe"') || said=
case $said in
  written) ;;
  full) exit 1 ;;
  *) echo "volume_writable: the database of $1 does not say whether its volume takes anything" >&2; exit 2 ;;
esac
