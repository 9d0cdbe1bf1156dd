"""The patients' view: are readings taken, how many, how fast, and at which site."""

from __future__ import annotations

from dashboards.grafana.model import Board, Panel, Query, Question, Row

_R = "[$__rate_interval]"
_ACKNOWLEDGED = f'sum by (site) (rate(vitals_uploads_total{{outcome="acknowledged"}}{_R}))'
_ATTEMPTED = f'sum by (site) (rate(vitals_uploads_total{{outcome=~"acknowledged|failed"}}{_R}))'
_TRANSACTIONS = f'sum by (site) (rate(monitor_looks_total{{monitor="transaction", outcome="ok"}}{_R}))'
_TRIED = f'sum by (site) (rate(monitor_looks_total{{monitor="transaction", outcome=~"ok|failed"}}{_R}))'


def _quantile(q: float, metric: str, by: str = "le") -> str:
    return f"histogram_quantile({q:g}, sum by ({by}) (rate({metric}_bucket{_R})))"


BOARD = Board(
    uid="zweitherz-patients",
    title="Zweitherz: patients' view",
    text="Uploads as the service counts them, as patients of a load test live them, and as the monitors' test patients do.",
    rows=(
        Row(
            "Are readings taken?",
            (
                Panel(
                    "Uploads acknowledged, by site",
                    Question.SECOND_BY_SECOND,
                    "Stacked: the height is the rate of the whole service. After a takeover the colour "
                    "changes, the height comes back.",
                    "reqps",
                    (Query(_ACKNOWLEDGED, "{{site}}"),),
                    kind="stacked",
                ),
                Panel(
                    "Uploads by outcome",
                    Question.SECOND_BY_SECOND,
                    "Refused is the caller's fault (4xx), failed the service's (5xx). Who reaches no server is "
                    "not in it: see the test patients.",
                    "reqps",
                    (Query(f"sum by (outcome) (rate(vitals_uploads_total{_R}))", "{{outcome}}"),),
                ),
                Panel(
                    "Share of uploads that succeed",
                    Question.PROMISE,
                    "At each site that was asked, and for the monitors' test patients, who also count when no server is reached. "
                    "Nothing is drawn where nobody asked.",
                    "percentunit",
                    (
                        Query(f"{_ACKNOWLEDGED} / ({_ATTEMPTED} > 0)", "at {{site}}"),
                        Query(f"{_TRANSACTIONS} / ({_TRIED} > 0)", "test patient of {{site}}"),
                    ),
                ),
                Panel(
                    "Since the last acknowledgement",
                    Question.PATIENTS,
                    "Time without any acknowledged upload of the load test. It grows while patients are without service.",
                    "s",
                    (Query("time() - max(loadtests_last_acknowledgement_seconds)", "without service"),),
                    kind="number",
                    limit=5,
                    width=6,
                ),
                Panel(
                    "Patients served",
                    Question.PATIENTS,
                    "Patients of the load test with at least one acknowledged upload, of all that take part.",
                    "percentunit",
                    (Query("sum(loadtests_patients_seen) / (sum(loadtests_patients) > 0)", "served"),),
                    kind="number",
                    width=6,
                ),
            ),
        ),
        Row(
            "How long does it take?",
            (
                Panel(
                    "From the intended moment to the acknowledgement",
                    Question.LATENCY,
                    "As patients of the load test live it: repeated attempts, DNS and waiting count. The 99 % "
                    "line rises to the length of an "
                    "outage when one ends.",
                    "s",
                    tuple(
                        Query(_quantile(q, "loadtests_acknowledged_seconds"), f"{q:.0%} are faster")
                        for q in (0.5, 0.95, 0.99)
                    ),
                ),
                Panel(
                    "At the service, by site",
                    Question.LATENCY,
                    "From a request's head to its answer, as servers measure it: what patients wait before a "
                    "server sees them is not in it.",
                    "s",
                    tuple(
                        Query(_quantile(q, "vitals_upload_seconds", "le, site"), f"{{{{site}}}} {q:.0%}")
                        for q in (0.5, 0.99)
                    ),
                ),
                Panel(
                    "Test patients: upload and reading it back",
                    Question.LATENCY,
                    "Last value of each step of the monitors' synthetic transaction, from the site where they stand.",
                    "ms",
                    (Query('monitor_figure{monitor="transaction", figure=~".+_ms"}', "{{site}} {{figure}}"),),
                ),
                Panel(
                    "Analysis: time to a finding",
                    Question.LATENCY,
                    "From an observation that has arrived to its finding, 99 % are faster.",
                    "s",
                    (Query(_quantile(0.99, "analysis_seconds", "le, site"), "{{site}}"),),
                ),
            ),
        ),
        Row(
            "Who waits, and why?",
            (
                Panel(
                    "Readings not yet acknowledged",
                    Question.STUCK,
                    "Waiting: kept at the device for a later attempt. Overdue: not acknowledged although the deadline is over.",
                    "short",
                    (Query("sum(loadtests_queued)", "waiting"), Query("sum(loadtests_overdue)", "overdue")),
                ),
                Panel(
                    "Attempts that failed, by cause",
                    Question.STUCK,
                    "By what the client saw; it tries again. The order of causes tells the order of the loss: "
                    "timeout, refused, dns.",
                    "reqps",
                    (Query(f"sum by (error) (rate(loadtests_failed_total{_R}))", "{{error}}"),),
                ),
            ),
        ),
    ),
)
