"""Tables of the product's database."""

from __future__ import annotations

_TABLES = """
CREATE TABLE upload (
    ack     bigserial PRIMARY KEY,
    key     text NOT NULL,
    patient text NOT NULL,
    seq     integer NOT NULL,
    digest  bytea NOT NULL,
    body    bytea NOT NULL,
    tag     text NOT NULL DEFAULT 'HTEST',
    stored  bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1e9)::bigint
);
CREATE INDEX upload_by_patient ON upload (patient, seq);
ALTER TABLE upload OWNER TO vitals;
"""
_ONCE = "CREATE UNIQUE INDEX upload_by_key ON upload (key);\n"


def schema(defect: str) -> str:
    """As SQL. Without the unique key where that is the lab's defect."""
    return _TABLES if defect == "duplicate-on-retry" else _TABLES + _ONCE
