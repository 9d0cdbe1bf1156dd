#!/bin/sh
# Says in a word what this site's database knows of the other one: `mirrored` (it streams, and commits wait for it or not, as they
# should), `not mirrored`, or `follows` where this one is a mirror itself.
set -eu
PGPASSFILE=$RUN/passwords
export PGPASSFILE
ask() { psql -XAtq -h "$RUN" -U postgres -d postgres -c "$1"; }

follows=$(ask 'SELECT pg_is_in_recovery()')
if [ "$follows" = t ]; then
  echo follows
  exit 0
fi
many=$(ask "SELECT count(*) FROM pg_stat_replication
  WHERE application_name = '$OTHER' AND state = 'streaming' AND sync_state = '$REPLICATION'")
if [ "$many" = 1 ]; then echo mirrored; else echo 'not mirrored'; fi
