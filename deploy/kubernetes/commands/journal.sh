#!/bin/sh
# Prints what perform.sh has done since up.sh was last called: one JSON object a line, oldest first.
#
#   deploy/kubernetes/commands/journal.sh
set -eu
journal=$(cd "$(dirname "$0")/.." && pwd)/secrets/made/journal.ndjson
[ ! -e "$journal" ] || cat "$journal"
