#!/bin/sh
# Makes the data directory what it has to be before the server starts: new, a copy of the other site's, or rewound to it.
# Needs in its environment: SITE, OTHER, ROLE (the service's role and database), PGDATA, CONF (the files beside this one), GIVEN
# (secrets), BEGIN (a folder; up.sh puts a file there where and while a database may be begun), RUN (a folder of the pod's), PEER
# (host=... port=...), PGSSLMODE, PGSSLROOTCERT.
set -eu
umask 077
say() { echo "prepare: $SITE: $1" >&2; }

# a volume has one pod, and its server does not run yet: what says otherwise was left by one that was killed
rm -f "$PGDATA/postmaster.pid" "$RUN"/.s.PGSQL.*

# psql and the WAL receiver take a password file from nobody but its only reader: a mounted one is its group's as well
install -m 600 "$GIVEN/passwords" "$RUN/passwords"
PGPASSFILE=$RUN/passwords PGCONNECT_TIMEOUT=3
export PGPASSFILE PGCONNECT_TIMEOUT

peer() { psql -XAtq -d "$PEER user=postgres dbname=postgres" -c "$1"; }
word() { sed -n "s/^.*:$1://p" "$RUN/passwords"; }

# f: the other site's server takes writes; t: it follows; empty: it does not answer
peer_follows() { peer 'SELECT pg_is_in_recovery()' 2>/dev/null || :; }

# of the history that a data directory, or a server, is part of: it grows by one with each promotion
timeline() { pg_controldata -D "$PGDATA" | sed -n "s/^Latest checkpoint's TimeLineID: *//p"; }

make_new() {
  say "a new database begins here"
  rm -rf "$PGDATA.new"
  word postgres >"$RUN/initial"
  initdb -D "$PGDATA.new" -U postgres -A scram-sha-256 --pwfile="$RUN/initial" --encoding=UTF8 --locale=C >/dev/null
  rm "$RUN/initial"
  configure "$PGDATA.new"
  # by its socket alone: nobody may find a database without its tables
  pg_ctl -D "$PGDATA.new" -s -w -o "-c listen_addresses='' -k $RUN" -l "$RUN/first-start.log" start
  # the password goes by standard input: arguments are everybody's to read
  { printf '\\set ON_ERROR_STOP on\n\\set password %s\n' "$(word "$ROLE")"; cat "$GIVEN/schema.sql"; } |
    psql -Xq -h "$RUN" -U postgres -d postgres
  pg_ctl -D "$PGDATA.new" -s -w -m fast stop
  mv "$PGDATA.new" "$PGDATA"
}

copy() {
  say "a fresh copy of $OTHER"
  peer "SELECT pg_create_physical_replication_slot('$SITE') WHERE NOT EXISTS
        (SELECT FROM pg_replication_slots WHERE slot_name = '$SITE')" >/dev/null
  rm -rf "$PGDATA.new"
  pg_basebackup -D "$PGDATA.new" -d "$PEER user=postgres" -c fast -X stream -S "$SITE"
  follow "$PGDATA.new"
  rm -rf "$PGDATA"
  mv "$PGDATA.new" "$PGDATA"
}

# what this site wrote and the other one never received goes away: with synchronous commit it is what nobody was told is stored
rewind() {
  say "rewound to $OTHER, which was promoted (timeline $1, own $(timeline))"
  peer CHECKPOINT
  peer "SELECT pg_create_physical_replication_slot('$SITE') WHERE NOT EXISTS
        (SELECT FROM pg_replication_slots WHERE slot_name = '$SITE')" >/dev/null
  if pg_rewind -D "$PGDATA" --source-server="$PEER user=postgres dbname=postgres"; then follow "$PGDATA"; else copy; fi
}

configure() {
  cp "$CONF/postgresql.conf" "$CONF/pg_hba.conf" "$1/"
  printf "cluster_name = '%s'\nunix_socket_directories = '%s'\nssl_cert_file = '%s'\nssl_key_file = '%s'\n" \
    "$SITE" "$RUN" "$GIVEN/private.pem" "$GIVEN/private.pem" >"$1/site.conf"
  [ -e "$1/role.conf" ] || : >"$1/role.conf"
}

follow() {
  configure "$1"
  printf "primary_conninfo = '%s user=postgres application_name=%s passfile=%s sslmode=%s sslrootcert=%s connect_timeout=3'\n" \
    "$PEER" "$SITE" "$RUN/passwords" "$PGSSLMODE" "$PGSSLROOTCERT" >"$1/role.conf"
  printf "primary_slot_name = '%s'\n" "$SITE" >>"$1/role.conf"
  : >"$1/postgresql.auto.conf" # whom the other one's commits wait for is no business of its mirror
  : >"$1/standby.signal"
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until [ "$(peer_follows)" = f ]; do
    # an empty volume at a site that may not begin has been lost: only the other site can have the data, however long that takes
    if [ -e "$BEGIN/here" ]; then
      make_new
      exit 0
    fi
    say "waits for $OTHER, which has the data"
    sleep 2
  done
  copy
elif [ -e "$PGDATA/standby.signal" ]; then
  say "goes on following $OTHER"
  follow "$PGDATA"
elif [ "$(peer_follows)" = f ]; then
  theirs=$(peer "SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int")
  if [ "$theirs" -gt "$(timeline)" ]; then
    rewind "$theirs"
  else
    say "is primary on timeline $(timeline); $OTHER writes on timeline $theirs: neither is the other's past, a human is needed"
    exit 1
  fi
else
  # alone it may be the past of a site that was promoted: with synchronous commit nobody is told that anything is stored then
  say "goes on as primary, $OTHER does not write (answer: '$(peer_follows)')"
  configure "$PGDATA"
fi
