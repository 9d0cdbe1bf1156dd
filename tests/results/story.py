"""A drill written by hand: forty seconds, one upload every 20 ms, a fault at 0 s, service at the other site from 6 s on.

As it stands it passes every check. A test changes what it is about and looks at the one check. Times are seconds since the fault.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from results import run as runs
from results.history import compact
from results.history_log import Completion, HistoryWriter, Invocation, log_path
from results.identity import idempotency_key, operation, patient_name
from results.manifest import digest, write_manifest
from results.plan import Plan
from results.plan_file import write_plan
from results.readback import compact_readback
from results.row_log import RowWriter
from results.rows import compact_rows
from results.schema import CONTACTS, LOOKUPS, SAMPLES, USAGE
from results.telemetry import FOLDER, compact_telemetry, ndjson
from results.timeline import gather

T0 = 1_800_000_000_000_000_000
PAGE = "VitalsReachabilityBudgetBurnsFast"
FRA, GRA = "198.51.100.10", "203.0.113.10"

PLAN: dict[str, Any] = {
    "drill": "story",
    "population": {"patients": 2000},
    "load": {"rate": 50, "classes": [{"name": "fresh", "share": 1, "resolver": "honest"}]},
    "objectives": {
        "rto_s": 10,
        "deadline_s": 2,
        "restored_window_s": 2,
        "restored_hold_s": 4,
        "availability": 0.75,
        "latency_ms": {"p50": 100, "p95": 200},
        "dns_t95_s": 5,
        "drain_t95_s": 8,
        "at_risk_writes": 100,
    },
}


def ns(seconds: float) -> int:
    return T0 + round(seconds * 1e9)


@dataclass
class Attempt:
    """One attempt. Outcome "" : its end is not known (no completion on disk)."""

    at: float
    done: float
    outcome: str = "ok"
    site: str = "fra"
    error: str = ""
    status: int = 201
    late: float = 0.002
    address: str = ""  # dialled, where it is not the site's own
    connection: str = "new"
    connected: float | None = None


@dataclass
class Upload:
    """One reading with its attempts; `digest` as sent."""

    patient: int
    intended: float
    attempts: list[Attempt]
    seq: int = 1
    client: str = "fresh"
    digest: int = 0

    @property
    def op(self) -> int:
        return operation(self.patient, self.seq)

    @property
    def acknowledged(self) -> bool:
        return any(attempt.outcome == "ok" for attempt in self.attempts)


@dataclass
class Row:
    """One stored row."""

    key: str
    patient: str
    seq: int
    digest: int
    ack: int


@dataclass
class Story:
    """Change any of it before `write`."""

    plan: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(PLAN)))
    uploads: list[Upload] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    stored: dict[str, list[Row]] = field(default_factory=dict)
    lookups: list[tuple[Any, ...]] = field(default_factory=list)
    samples: list[tuple[Any, ...]] = field(default_factory=list)
    contacts: list[tuple[Any, ...]] = field(default_factory=list)
    usage: list[tuple[Any, ...]] = field(default_factory=list)
    telemetry: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)  # lines by sink and site
    logs: dict[str, str] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(ENVIRONMENT)))
    journal: dict[str, Any] | None = None
    undo: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def event(self, kind: str, subject: str, at: float, **data: Any) -> None:
        self.events.append({"t_ns": ns(at), "source": "story", "kind": kind, "subject": subject, "data": data})

    def without(self, kind: str, subject: str | None = None) -> None:
        """Leave out the events of that kind (and subject)."""
        self.events = [e for e in self.events if e["kind"] != kind or (subject and e["subject"] != subject)]

    def store(self, path: str, rows: list[Row]) -> None:
        """What a final read holds, and that it held so many: `public-public`, `fra-volume`."""
        self.stored[path] = rows
        kind = path.partition("-")[2]
        for event in self.events:
            if event["kind"] == "readback" and event["data"]["path"] == kind:
                event["data"]["rows"] = len(rows)

    def rows_of(self, uploads: list[Upload], tag: str) -> list[Row]:
        return [
            Row(idempotency_key(tag, u.op), patient_name(u.patient), u.seq, u.digest, number)
            for number, u in enumerate(uploads, 1)
        ]

    def write(self, run: Path) -> Path:
        """The run folder, as a drill leaves it."""
        run.mkdir(parents=True, exist_ok=True)
        write_plan(Plan.model_validate(self.plan), run / "plan.yaml")
        (run / "environment.json").write_text(json.dumps(self.environment))
        (run / "timeline").mkdir(exist_ok=True)
        for path, rows in self.stored.items():
            self._store(run, path, rows)
        record = {"t_ns": ns(-21), "source": "story", "kind": "plan", "subject": digest(run / "plan.yaml"), "data": {}}
        events = [record, *self.events]
        (run / "timeline" / "story.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        gather(run)
        if self.journal is not None:
            (run / "journal.json").write_text(json.dumps(self.journal))
        (run / "undo.jsonl").write_text("".join(json.dumps(line) + "\n" for line in self.undo))
        (run / "rules").mkdir(exist_ok=True)
        (run / "rules" / "alerts.json").write_text(json.dumps(self.alerts))
        self._history(run)
        (run / FOLDER).mkdir()
        for (sink, site), lines in self.telemetry.items():
            ndjson(run, sink, site).write_text("".join(json.dumps(line) + "\n" for line in lines))
        compact_telemetry(run)
        for name, text in self.logs.items():
            path = run / "logs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for table, schema, cells in (
            *(("lookups", LOOKUPS, self.lookups), ("samples", SAMPLES, self.samples)),
            *(("contacts", CONTACTS, self.contacts), ("usage", USAGE, self.usage)),
        ):
            writer = RowWriter(run, table, "story")
            for row in cells:
                writer.append(*row)
            writer.close()
            compact_rows(run, table, schema)
        write_manifest(run)
        return run

    def _store(self, run: Path, path: str, rows: list[Row]) -> None:
        folder = run / "readback"
        folder.mkdir(exist_ok=True)
        file = folder / f"{path}.ndjson"
        lines = [
            {
                "id": str(row.ack),
                "identifier": {"value": row.key},
                "patient": row.patient,
                "seq": row.seq,
                "digest": f"{row.digest:016x}" + "0" * 48,
                "stored": ns(0),
            }
            for row in rows
        ]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        site, _, kind = path.partition("-")
        compact_readback(file, site, kind, runs.tag(run.name))

    def _history(self, run: Path) -> None:
        writer = HistoryWriter(log_path(run, 0))
        for upload in self.uploads:
            for number, attempt in enumerate(upload.attempts, 1):
                scheduled = attempt.at
                writer.invoke(
                    [
                        Invocation(
                            *(
                                upload.op,
                                upload.digest,
                                number,
                                "heart-rate",
                                "DE-west",
                                "near",
                                "honest",
                                upload.client,
                            ),
                            *(ns(upload.intended), ns(scheduled), ns(scheduled + attempt.late)),
                        )
                    ]
                )
                if attempt.outcome:
                    writer.complete([_completion(upload.op, number, attempt)])
            if not upload.attempts:
                row = (upload.op, upload.digest, 0, "heart-rate", "DE-west", "near", "honest", upload.client)
                writer.unsent([Invocation(*row, ns(upload.intended), ns(upload.intended), 0)])
        writer.close()
        compact(run)


def _completion(op: int, number: int, attempt: Attempt) -> Completion:
    ok = attempt.outcome == "ok"
    return Completion(
        op=op,
        attempt=number,
        t_done=ns(attempt.done),
        outcome=attempt.outcome,
        address=attempt.address or {"fra": FRA, "gra": GRA}[attempt.site],
        connection=attempt.connection,
        t_connected=ns(attempt.connected) if attempt.connected is not None else 0,
        tls="full" if ok else "",
        t_sent=ns(attempt.at + 0.01) if attempt.outcome != "fail" else 0,
        status=attempt.status if ok else -1,
        error=attempt.error,
        site=attempt.site if ok else "",
        ack=op if ok else -1,
    )


ENVIRONMENT = {
    "target": {
        "sites": [
            {"name": "fra", "address": FRA, "tools_address": "198.51.100.20"},
            {"name": "gra", "address": GRA, "tools_address": "203.0.113.20"},
        ],
        "tools": {"record": "tools.heart.test"},
        "zone": {"authoritative": [{"name": "ns1"}, {"name": "ns2"}]},
        "resolvers": [{"name": "honest", "kind": "honest"}],
        "residency": {
            "allowed": ["DE", "FR"],
            "networks": [
                {"network": "198.51.100.0/24", "owner": "site fra", "region": "DE"},
                {"network": "203.0.113.0/24", "owner": "site gra", "region": "FR"},
                {"network": "198.18.1.0/24", "owner": "patients", "region": "DE"},
                {"network": "192.0.2.0/24", "owner": "DNS provider", "region": "DE"},
                {"network": "192.0.2.240/32", "owner": "telemetry abroad", "region": "US"},
            ],
        },
    }
}


def green(run: Path) -> Story:
    """The story that passes. `run` names the folder it will be written to (its name is in the idempotency keys)."""
    story = Story()
    for number in range(2000):
        at = -20 + number * 0.02
        upload = Upload(number, at, [], digest=number * 7919 + 1)
        if at < -0.05:
            upload.attempts = [Attempt(at, at + 0.05)]
        elif at < 6:
            upload.attempts = [
                Attempt(at, at + 1, "fail", error="connect-timeout"),
                Attempt(max(at + 1.5, 6.5), max(at + 1.5, 6.5) + 0.05, site="gra"),
            ]
        else:
            upload.attempts = [Attempt(at, at + 0.06, site="gra")]
        story.uploads.append(upload)
    for phase, begin, end in (
        *(("warm-up", -20, -18), ("steady", -18, -0.1), ("loss", -0.1, 0.5)),
        *(("takeover", 0.5, 5), ("recovered", 5, 20), ("drain", 20, 21)),
    ):
        story.event("phase", phase, begin, state="begin")
        story.event("phase", phase, end, state="end")
    story.event("fault.command", "fra", -0.1, fault="site-loss")
    story.event("fault.receipt", "fra", 0, effective=True, proof="seen")
    for step, at in (("detect", 3.0), ("fence", 3.1), ("promote", 3.5), ("dns", 4.0), ("declare", 4.1)):
        story.event("takeover.step", step, at, state="end", site="gra")
    for server in ("ns1", "ns2"):
        story.event("dns.authoritative", server, -20, answer=FRA, ttl=5)
        story.event("dns.authoritative", server, 4.0, answer=GRA, ttl=5)
    story.event("fault.lifted", "fra", 22)
    story.event("generator", "sender-0", -20, state="begin", start_ns=ns(-20))
    story.event("generator", "sender-0", 21, state="end")
    story.event("tidy", "run", 25, left_behind=[])
    tag = runs.tag(run.name)
    acknowledged = [upload for upload in story.uploads if upload.acknowledged]
    story.stored["public-public"] = story.rows_of(acknowledged, tag)
    before = [upload for upload in acknowledged if upload.attempts[0].outcome == "ok" and upload.intended < 0]
    story.stored["fra-volume"] = story.rows_of(before, tag)
    for path, rows in story.stored.items():
        site, _, kind = path.partition("-")
        story.event("readback", site, 23, path=kind, rows=len(rows), complete=True, t_invoked=ns(23))
    for tenth in range(-200, 200):
        at = tenth / 10
        answer = FRA if at < 6.0 else GRA
        story.lookups.append(
            (
                ns(at),
                ns(at + 0.01),
                "patients",
                "resolver",
                "honest",
                "fresh",
                "vitals.heart.test",
                answer,
                5,
                "NOERROR",
                1,
            )
        )
    story.samples = [(ns(second), "lab", "fra", "replication_lag_s", 0.004) for second in range(-20, 0)]
    for monitor in ("http@gra", "transaction@gra", "http@fra"):
        story.samples += [
            (ns(second), "monitors", monitor, "ok", float(not 0 <= second < 6)) for second in range(-20, 21)
        ]
    for monitor, raised in (("http@gra", 2.5), ("transaction@gra", 3.5)):
        story.event("alert", monitor, raised, state="raised", why="connect: timed out", since_ns=ns(0.5))
        story.event("alert", monitor, 6.5, state="cleared", why="", since_ns=ns(0.5))
    _alerted(story)
    _watched(story)
    activity = {"status": "succeeded", "activity": {"name": "lose-site"}}
    story.journal = {
        "status": "completed",
        "deviated": False,
        "steady_states": {"before": {"steady_state_met": True}},
        "experiment": {"method": [{}], "rollbacks": [{}]},
        "run": [activity],
        "rollbacks": [{"status": "succeeded", "activity": {"name": "restore"}}],
    }
    story.undo = [{"owed": 1, "do": "restore-site", "parameters": {"site": "fra"}, "because": "x"}, {"settled": 1}]
    return story


def _alerted(story: Story) -> None:
    """The page on reachability: rule, deliveries, and the heartbeat on both channels."""
    story.alerts = [
        {
            "objective": "vitals-reachability",
            "alert": PAGE,
            "budget": 0.001,
            "period_s": 25_920,
            "scale": 100,
            # an hour and five minutes, shortened by 100
            "pairs": [{"long_s": 36, "short_s": 3, "share": 0.02, "severity": "page"}],
            "monitor": "transaction",
        }
    ]
    for site in ("fra", "gra"):
        story.event("prometheus", site, 24, evaluated=True)
    story.event("rule", PAGE, 3.2, site="gra", state="firing", severity="page")
    story.event("rule", PAGE, 12, site="gra", state="inactive", severity="page")
    for channel in ("oncall", "pager"):
        story.event("delivery", PAGE, 3.6, channel=channel, state="firing", severity="page")
        story.event("delivery", PAGE, 12.3, channel=channel, state="resolved", severity="page")
        for beat in range(-19, 22, 4):
            story.event("delivery", "Heartbeat", beat, channel=channel, state="firing", severity="none")


def _watched(story: Story) -> None:
    """Who contacted whom, and what those who watch received: nothing that they should not."""
    for destination, port, protocol, first, last in (
        (FRA, 443, "tcp", -20, 6),
        (GRA, 443, "tcp", 6, 20),
        ("192.0.2.101", 53, "udp", -20, 20),
    ):
        row = (ns(first), ns(last), "patients", "198.18.1.2", destination, port, protocol, 500)
        story.contacts.append(row)
    story.event("collected", "contacts", 22.5, complete=True, items=3, lost=0)
    story.telemetry = {
        ("sentry", "gra"): [{"id": 1, "received": ns(-19), "kind": "transaction", "release": "vitals@1.0.0"}],
        ("matomo", "gra"): [{"id": 1, "received": ns(-19), "kind": "event", "query": "e_c=upload&e_a=ok"}],
        ("alerts", ""): [
            {"id": 1, "t": ns(3), "state": "firing", "alert": "Heartbeat", "text": '{"alert": "Heartbeat"}'}
        ],
    }
    for site in ("fra", "gra"):
        series = {"id": 1, "name": "vitals_uploads_total", "labels": '{"outcome": "acknowledged"}'}
        story.telemetry["prometheus", site] = [series]
        story.samples.append((ns(-19), "lab", f"{site}/vitals0", "rss_bytes", 60e6))
        story.logs[f"lab/{site}/vitals0.log"] = '{"level": "info", "event": "started"}\n'
    for sink, site in story.telemetry:
        story.event("collected", f"{sink}@{site}" if site else sink, 22.6, complete=True, items=1)
