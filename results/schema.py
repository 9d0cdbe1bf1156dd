"""The columns of every evidence table, in one place.

All times are integer nanoseconds since the epoch on the run's one clock (`results.clock`). A null means "did not
happen" or "not known", never zero. Dictionary columns hold short names that repeat.
"""

from __future__ import annotations

import pyarrow as pa

_name = pa.dictionary(pa.int16(), pa.string())


def _table(*fields: tuple[str, pa.DataType, str]) -> pa.Schema:
    return pa.schema([pa.field(name, kind, metadata={"about": about}) for name, kind, about in fields])


HISTORY = _table(
    ("op", pa.int64(), "operation id, unique in the run: patient << 24 | seq"),
    ("patient", pa.int32(), "index of the synthetic patient, 0 <= patient < population.patients"),
    ("seq", pa.int32(), "1, 2, 3 … per patient"),
    ("signal", _name, "what was measured: blood-pressure, heart-rate, oxygen, weight, steps, …"),
    ("digest", pa.uint64(), "first 8 bytes, big-endian, of the SHA-256 of the body as sent"),
    ("attempt", pa.int16(), "1, 2, 3 … per operation; 0: intended but never attempted (waited in the queue)"),
    ("worker", pa.int16(), "number of the sending worker"),
    ("region", _name, "the patient's region"),
    ("distance", _name, "distance class: near, middle, far"),
    ("resolver", _name, "resolver class that answered: honest, clamped, stale"),
    ("client", _name, "client class: fresh, pinned, keep-alive, …"),
    ("address", _name, "address dialled, null while none was known"),
    ("connection", _name, "new or reused"),
    ("tls", _name, "full or resumed handshake; null where there was none"),
    ("t_intended", pa.int64(), "when the patient's schedule wanted the upload (the same for all attempts)"),
    ("t_scheduled", pa.int64(), "when this attempt was due: t_intended, or the end of its back-off"),
    ("t_dispatched", pa.int64(), "when this attempt was really started (invocation on disk); lag = this - t_scheduled"),
    ("t_connected", pa.int64(), "connection ready, TLS handshake done"),
    ("t_sent", pa.int64(), "request handed to the connection; null: no byte of it left"),
    ("t_done", pa.int64(), "answer complete or failure known; null: nobody knows (worker gone)"),
    ("outcome", _name, "ok, fail (definitely not applied), info (nobody knows), unsent (attempt 0)"),
    ("status", pa.int16(), "HTTP status; null without an answer"),
    ("error", _name, "error class: dns, refused, connect-timeout, tls, reset, timeout, eof, unverifiable-ack, …"),
    ("site", _name, "serving site as the server said"),
    ("role", _name, "role of the serving cluster as the server said"),
    ("version", _name, "version as the server said"),
    ("ack", pa.int64(), "acknowledgement id the server returned"),
)

LOOKUPS = _table(
    ("t_asked", pa.int64(), "query sent"),
    ("t_answered", pa.int64(), "answer received; null: none came"),
    ("vantage", _name, "who asked: patients or witness"),
    ("layer", _name, "authoritative or resolver"),
    ("server", _name, "name of the server asked: ns1, ns2, honest, clamped, stale"),
    ("client", _name, "client class that asked; null for the witness"),
    ("name", _name, "the name asked for"),
    ("answer", _name, "first address answered; null: none"),
    ("ttl", pa.int32(), "seconds, as answered"),
    ("rcode", _name, "NOERROR, SERVFAIL, timeout …"),
    ("patient", pa.int32(), "the patient for whom it was asked; null for the witness"),
)

READBACK = _table(
    ("site", _name, "site that was read"),
    ("path", _name, "how: public, site or store"),
    ("patient", pa.int32(), "index of the patient; null: not one of ours"),
    ("seq", pa.int32(), "sequence as stored; null: not one of ours"),
    ("op", pa.int64(), "operation id decoded from the idempotency key; null: the key is not of this run"),
    ("digest", pa.uint64(), "first 8 bytes of SHA-256, computed at reading from the stored body"),
    ("ack", pa.int64(), "acknowledgement id as stored"),
    ("t_stored", pa.int64(), "commit side time stamp of the row"),
    ("foreign", pa.string(), "the key as text where it is not of this run, else null"),
)

CONTACTS = _table(
    ("t_first", pa.int64(), "when it was contacted first"),
    ("t_last", pa.int64(), "and last"),
    ("who", _name, "owner of the source by the target's networks; the address where there is none"),
    ("source", _name, "address"),
    ("destination", _name, "address"),
    ("port", pa.int32(), "of the destination"),
    ("protocol", _name, "tcp, udp"),
    ("count", pa.int64(), "first packets: connections begun (a SYN that is sent again counts again), or datagrams"),
)

TELEMETRY = _table(
    ("sink", _name, "what received it: sentry, matomo, prometheus, alerts"),
    ("site", _name, "where it was read; null for alerts"),
    ("t", pa.int64(), "when it was received, by the sink's own clock; null: a series of Prometheus has no one time"),
    ("kind", _name, "type of a Sentry item, kind of a Matomo action, name of a series, state of an alert"),
    ("item", pa.string(), "its number in the sink"),
    ("text", pa.string(), "everything that the sink stored of it, one value a line"),
)

SAMPLES = _table(
    ("t", pa.int64(), "when it was measured"),
    ("source", _name, "who measured: lab, loadtests, witness, a monitor's name"),
    ("subject", _name, "of what: a service, site, worker, link"),
    ("metric", _name, "name with unit: cpu_s, rss_bytes, lag_p99_ms, replication_lag_s …"),
    ("value", pa.float64(), "the value"),
)

USAGE = _table(
    ("worker", pa.int16(), "number of the reporting worker"),
    ("first", pa.int64(), "number of the bulk's first event: 0, 1, 2 … per worker; the others follow it"),
    ("count", pa.int32(), "events in the bulk; a bulk that is sent again has the same first and count"),
    ("t_sent", pa.int64(), "request handed to the connection; null: no byte of it left"),
    ("t_done", pa.int64(), "answer complete or failure known"),
    (
        "outcome",
        _name,
        "of this attempt: ok (answered 200 with tracked), fail (certainly not stored), info (nobody knows)",
    ),
    ("tracked", pa.int32(), "events that Matomo says it took; null: it did not say"),
    ("invalid", pa.int32(), "events that Matomo says it refused; null: it did not say"),
    ("site", _name, "serving site as the server said"),
    ("error", _name, "error class: dns, refused, connect-timeout, tls, reset, timeout, eof, unverifiable, http-503 …"),
)
