#!/bin/sh
# The auditor's path: what the main database of that site holds, past the service. Its readings are written to FILE, as NDJSON, and what
# proves that none is missing is printed: how many there are and the last of them, as the database said, and the file's SHA-256.
#
#   deploy/kubernetes/commands/read_store.sh fra|gra FILE      exit code 2: not read as a whole, and there is no FILE
#
# Where the database runs, it is asked in its pod. Where no pod mounts its volume, one of its own reads that (store_reader.yaml).
set -eu
refuse() { echo "read_store: $1" >&2; exit 64; }
usage="allowed: fra|gra FILE"
[ $# -eq 2 ] || refuse "$#: so many arguments are not understood ($usage)"
case $1 in fra | gra) site=$1 ;; *) refuse "$1: no site ($usage)" ;; esac
file=$2
[ -d "$(dirname "$file")" ] || refuse "$file: its folder is not there"
here=$(cd "$(dirname "$0")" && pwd)
export KUBECONFIG="${KUBECONFIG:-$here/../secrets/made/kubeconfig}"
at() { kubectl --context "$site" --namespace vitals "$@"; }
unknown() { echo "read_store: $1" >&2; exit 2; }
rm -f "$file"

# phase and node of the pod that mounts the volume; nothing, or no node: none does. That it starts is to write to it already
holder() {
  at --request-timeout 5s get pod postgres-0 --ignore-not-found --output 'jsonpath={.status.phase}/{.spec.nodeName}' ||
    unknown "the cluster of $site does not say whether its database runs"
}

# kubectl may end well although what it had to bring was cut off: the last line is what the database itself says of the others
read_in() { # pod, seconds
  # shellcheck disable=SC2016 # the container's own variables
  timeout "$2" kubectl --context "$site" --namespace vitals exec --stdin "$1" --container postgres -- sh -c \
    'PGPASSFILE=$RUN/passwords exec psql -XAtq -v ON_ERROR_STOP=1 -h "$RUN" -U postgres -d "$ROLE"' \
    <"$here/read_store.sql" >"$file.part" || unknown "the database of $site does not give what it holds"
}

take_reader_away() { at --request-timeout 6s delete pod store-reader --ignore-not-found --grace-period 1 --timeout 5s >&2; }

read_volume() {
  take_reader_away # of a caller that was killed
  trap 'take_reader_away || :; rm -f "$file.part" "$file.new"' EXIT
  at --request-timeout 5s create --filename "$here/store_reader.yaml" >&2
  at --request-timeout 22s wait --for condition=Ready pod/store-reader --timeout 21s >&2 || {
    at --request-timeout 3s logs store-reader --tail 3 >&2 || :
    unknown "the volume of $site was not read within 21 s"
  }
  read_in store-reader 8
  now=$(holder)
  [ "$now" = "$held" ] || unknown "the database of $site came back while its volume was read"
}

trap 'rm -f "$file.part" "$file.new"' EXIT
trap 'exit 143' INT TERM
held=$(holder)
case $held in
  Running/*) dead=false; read_in postgres-0 45 ;;
  '' | Pending/) dead=true; read_volume ;;
  *) unknown "the database of $site neither runs nor is its volume free ($held)" ;;
esac

said=$(tail -n 1 "$file.part")
sed '$d' "$file.part" >"$file.new"
count=$(wc -l <"$file.new")
last=$(sed -n '$s/^{"resourceType":"Bundle","id":"\([0-9]*\)".*}$/\1/p' "$file.new")
proof="\"count\": $count, \"last_ack\": ${last:-null}"
[ "$said" = "{$proof}" ] || unknown "$count readings came, the last one ${last:-null}; the database of $site says: $said"
sum=$(sha256sum "$file.new")
mv "$file.new" "$file"
printf '{"proof": {%s, "sha256": "%s"}, "volume_of_dead_site": %s}\n' "$proof" "${sum%% *}" "$dead"
