#!/bin/sh
# Makes this site's database the one that takes writes, and waits for it. Nobody's flush is waited for: its mirror is lost.
set -eu
PGPASSFILE=$RUN/passwords
export PGPASSFILE
ask() { psql -XAtq -h "$RUN" -U postgres -d postgres -c "$1"; }

if [ "$(ask 'SELECT pg_is_in_recovery()')" = t ]; then
  [ "$(ask 'SELECT pg_promote(true, 30)')" = t ] || { echo "promote: $SITE: not promoted within 30 s" >&2; exit 1; }
fi
ask "ALTER SYSTEM SET synchronous_standby_names = ''"
ask 'SELECT pg_reload_conf()' >/dev/null
echo "promote: $SITE is primary"
