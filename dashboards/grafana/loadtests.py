"""The load generator: did it keep its schedule? If not, its figures are about itself and not about the service."""

from __future__ import annotations

from dashboards.grafana.model import Board, Panel, Query, Question, Row

_R = "[$__rate_interval]"
_LAG = f"sum by (le) (rate(loadtests_lag_seconds_bucket{_R}))"
_SENT = f"sum(rate(loadtests_lag_seconds_count{_R}))"
_ACKNOWLEDGED = f"sum(rate(loadtests_acknowledged_seconds_count{_R}))"
LAG_LIMIT_S = 0.02

BOARD = Board(
    uid="zweitherz-loadtests",
    title="Zweitherz: load generator",
    text="Whether the generator, and not the service, was the bottleneck. Empty while no load test runs.",
    rows=(
        Row(
            "Is it on time?",
            (
                Panel(
                    "Lag: sent later than scheduled",
                    Question.TRUST,
                    "At most so late were so many attempts. From the line on (20 ms for 99 %) a drill is inconclusive.",
                    "s",
                    tuple(
                        Query(f"histogram_quantile({q:g}, {_LAG})", f"{q:.0%} are earlier") for q in (0.5, 0.95, 0.99)
                    ),
                    limit=LAG_LIMIT_S,
                ),
                Panel(
                    "Share of attempts sent too late",
                    Question.TRUST,
                    "Later than 20 ms; from 1 % on a drill is inconclusive.",
                    "percentunit",
                    (
                        Query(
                            f'1 - sum(rate(loadtests_lag_seconds_bucket{{le="{LAG_LIMIT_S}"}}{_R})) / ({_SENT} > 0)',
                            "late",
                        ),
                    ),
                    limit=0.01,
                ),
                Panel(
                    "Asked, sent, acknowledged",
                    Question.TRUST,
                    "Asked: readings that became due by the schedule. Sent: attempts, repeated ones too. "
                    "Without an outage all three are one line.",
                    "reqps",
                    (
                        Query(f"sum(rate(loadtests_readings_due_total{_R}))", "asked"),
                        Query(_SENT, "sent"),
                        Query(_ACKNOWLEDGED, "acknowledged"),
                    ),
                ),
                Panel(
                    "Patients",
                    Question.TRUST,
                    "Taking part, and of these with an acknowledged upload.",
                    "short",
                    (Query("sum(loadtests_patients)", "taking part"), Query("sum(loadtests_patients_seen)", "seen")),
                ),
            ),
        ),
        Row(
            "What does it need?",
            (
                Panel(
                    "Processor time, by sender",
                    Question.COST,
                    "1 is a whole core: a sender close to it cannot keep its schedule.",
                    "percentunit",
                    (Query(f"sum by (sender) (rate(loadtests_cpu_seconds_total{_R}))", "sender {{sender}}"),),
                    limit=0.9,
                ),
                Panel(
                    "Processor time for an acknowledged upload",
                    Question.COST,
                    "Of all senders together.",
                    "s",
                    (Query(f"sum(rate(loadtests_cpu_seconds_total{_R})) / ({_ACKNOWLEDGED} > 0)", "per upload"),),
                ),
                Panel(
                    "Open connections, by sender",
                    Question.COPED,
                    "Those of clients that keep theirs included. They pile up while a site neither answers nor refuses.",
                    "short",
                    (Query("sum by (sender) (loadtests_open_connections)", "sender {{sender}}"),),
                ),
                Panel(
                    "Under way and waiting",
                    Question.COPED,
                    "Attempts without an end yet, and readings that wait for their next attempt.",
                    "short",
                    (Query("sum(loadtests_in_flight)", "under way"), Query("sum(loadtests_queued)", "waiting")),
                ),
                Panel(
                    "Most memory, by sender",
                    Question.COST,
                    "The most that each had until now.",
                    "bytes",
                    (Query("max by (sender) (loadtests_peak_memory_bytes)", "sender {{sender}}"),),
                ),
            ),
        ),
    ),
)
