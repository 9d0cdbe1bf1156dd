#!/bin/sh
# At the primary: when the other site streams, commits wait for its flush (main cluster), or do not (REPLICATION=async).
# At a mirror it does nothing.
set -eu
PGPASSFILE=$RUN/passwords
export PGPASSFILE
ask() { psql -XAtq -h "$RUN" -U postgres -d postgres -c "$1"; }

if [ "$(ask 'SELECT pg_is_in_recovery()')" = t ]; then
  echo "synchronous: $SITE follows"
  exit 0
fi
left=${1:-120}
until [ "$(ask "SELECT count(*) FROM pg_stat_replication WHERE application_name = '$OTHER' AND state = 'streaming'")" = 1 ]; do
  left=$((left - 1))
  [ "$left" -gt 0 ] || { echo "synchronous: $SITE is primary and $OTHER does not stream" >&2; exit 1; }
  sleep 1
done
names=
[ "$REPLICATION" = async ] || names=$OTHER
ask "ALTER SYSTEM SET synchronous_standby_names = '$names'"
ask 'SELECT pg_reload_conf()' >/dev/null
echo "synchronous: $SITE is primary, $OTHER streams ($REPLICATION)"
