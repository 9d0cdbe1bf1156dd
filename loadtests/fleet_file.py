"""Where the load generator's live figures lie in a run."""

LIVE_FILE = "live/loadtests.json"
