"""The takeover: who writes, how far the mirror is behind, where names lead, who is still on the way to the lost site."""

from __future__ import annotations

from dashboards.grafana.model import Board, Panel, Query, Question, Row, State
from dashboards.grafana.palette import BAD, GOOD, NEUTRAL

_R = "[$__rate_interval]"
_WRITES = f'sum by (site) (rate(vitals_uploads_total{{outcome="acknowledged"}}{_R}))'
_UP = {"1": State("answers", GOOD), "0": State("silent", BAD)}
_DIALLED = f"sum by (client) (rate(loadtests_dialled_total{_R}))"
_DIALLED_FIRST = f'sum by (client) (rate(loadtests_dialled_total{{first_site="yes"}}{_R}))'

BOARD = Board(
    uid="zweitherz-takeover",
    title="Zweitherz: takeover",
    text="One site is lost, the other one takes over: every layer on one time axis.",
    rows=(
        Row(
            "Who writes?",
            (
                Panel(
                    "Writes accepted, by site",
                    Question.SECOND_PRIMARY,
                    "Never two lines above zero at once. (One scrape interval of overlap can be the drawing's: rates look back.)",
                    "wps",
                    (Query(_WRITES, "{{site}}"),),
                ),
                Panel(
                    "Sites whose database takes writes",
                    Question.SECOND_PRIMARY,
                    "One, for a moment none during a takeover; two is a split brain.",
                    "short",
                    (Query("count(max by (site) (vitals_active) == 1) or vector(0)", "sites"),),
                    limit=2,
                    width=6,
                ),
                Panel(
                    "Role of each site",
                    Question.SECOND_BY_SECOND,
                    "As the site's servers hear it from their database. A gap: nobody there answers.",
                    "short",
                    (Query("max by (site) (vitals_active)", "{{site}}"),),
                    kind="states",
                    states={"1": State("active", GOOD), "0": State("mirror", NEUTRAL)},
                    width=6,
                ),
            ),
        ),
        Row(
            "What is left of the lost site, and how far was its mirror?",
            (
                Panel(
                    "What answers, by site",
                    Question.SLOW_STEP,
                    "As this Prometheus reaches servers, balancers and databases, the least of each kind. A "
                    "site that is lost falls silent as a "
                    "whole; a cut link silences the other site only.",
                    "short",
                    (Query('min by (site, job) (up{job=~"vitals|balancer|postgres|analysis"})', "{{site}} {{job}}"),),
                    kind="states",
                    states=_UP,
                ),
                Panel(
                    "Replication lag",
                    Question.PROMISE,
                    "Bytes that the mirror has not yet: what it lacks when the site is lost is lost. No line: no mirror follows.",
                    "bytes",
                    (
                        Query(
                            "max by (site, application_name) (pg_stat_replication_pg_wal_lsn_diff)",
                            "{{site}} to {{application_name}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "Where do names lead?",
            (
                Panel(
                    "DNS answers, by site",
                    Question.SLOW_STEP,
                    "Of all name servers and resolvers that the monitors ask, how many lead to each site.",
                    "short",
                    (Query("sum by (answer) (max by (server, answer) (monitor_answer))", "{{answer}}"),),
                    kind="stacked",
                ),
                Panel(
                    "DNS answers, by server",
                    Question.SLOW_STEP,
                    "Authoritative servers change first, resolvers when their time is over; one that stretches it is the last.",
                    "short",
                    (Query("max by (server, answer) (monitor_answer)", "{{server}}: {{answer}}"),),
                    kind="states",
                    states={"1": State("this one", GOOD), "0": State("no more", NEUTRAL)},
                ),
                Panel(
                    "Attempts that go to the first site, by client class",
                    Question.STUCK,
                    "Of the load test: the share of each class that still dials the site that was active at the start.",
                    "percentunit",
                    (Query(f"{_DIALLED_FIRST} / ({_DIALLED} > 0)", "{{client}}"),),
                ),
                Panel(
                    "Acknowledgements in the load test, by serving site",
                    Question.STUCK,
                    "As the answers themselves name their site.",
                    "reqps",
                    (Query(f"sum by (site) (rate(loadtests_served_total{_R}))", "{{site}}"),),
                    kind="stacked",
                ),
            ),
        ),
        Row(
            "Does the survivor cope?",
            (
                Panel(
                    "Connections at the balancers",
                    Question.COPED,
                    "Patients' connections open at each site.",
                    "short",
                    (Query('sum by (site) (haproxy_frontend_current_sessions{proxy="https"})', "{{site}}"),),
                ),
                Panel(
                    "New connections",
                    Question.COPED,
                    "The herd: everybody comes back at once, and each with a full handshake.",
                    "cps",
                    (Query(f'sum by (site) (rate(haproxy_frontend_sessions_total{{proxy="https"}}{_R}))', "{{site}}"),),
                ),
                Panel(
                    "Application servers ready",
                    Question.COPED,
                    "Servers that passed the balancer's last check; at a mirror none is ready, and that is right.",
                    "short",
                    (
                        Query(
                            'sum by (site) (haproxy_server_check_status{proxy="vitals", server=~"vitals.+", state="L7OK"})',
                            "{{site}}",
                        ),
                    ),
                ),
                Panel(
                    "Database connections",
                    Question.COPED,
                    "By what they do; a pool that is used up shows as a flat line of active ones.",
                    "short",
                    (
                        Query(
                            'sum by (site, state) (pg_stat_activity_count{datname="vitals", state=~"active|idle"})',
                            "{{site}} {{state}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)
