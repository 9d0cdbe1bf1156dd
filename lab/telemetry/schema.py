"""Tables of the tools cluster's database. Times are ns since the epoch, by the clock of the receiver or of the sender as said."""

from __future__ import annotations

_TABLES = """
CREATE TABLE sentry_item (
    id          bigserial PRIMARY KEY,
    received    bigint NOT NULL,
    project     integer NOT NULL,
    kind        text NOT NULL,
    event       text,
    issue       text,
    title       text,
    level       text,
    environment text,
    release     text,
    server      text,
    name        text,
    status      text,
    duration_ms double precision,
    payload     bytea NOT NULL
);
CREATE INDEX sentry_item_by_kind ON sentry_item (project, kind, received);
CREATE INDEX sentry_item_by_name ON sentry_item (name, received) WHERE kind = 'check_in';

CREATE TABLE matomo_action (
    id        bigserial PRIMARY KEY,
    received  bigint NOT NULL,
    at        bigint NOT NULL,
    site      integer NOT NULL,
    visitor   text NOT NULL,
    kind      text NOT NULL,
    url       text,
    title     text,
    category  text,
    action    text,
    name      text,
    value     double precision,
    timing_ms jsonb,
    query     text NOT NULL
);
CREATE INDEX matomo_action_by_time ON matomo_action (site, at);
ALTER TABLE sentry_item OWNER TO telemetry;
ALTER TABLE matomo_action OWNER TO telemetry;
"""


def schema(_defect: str) -> str:
    """As SQL; no defect of the lab changes it."""
    return _TABLES
