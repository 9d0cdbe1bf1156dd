"""The monitors: what each saw last, who raised what, whether whoever watches is alive, how fast the error budget burns.

A Prometheus scrapes the monitors of its own site: the data source chosen says from which site one looks.
"""

from __future__ import annotations

from dashboards.grafana.model import Board, Panel, Query, Question, Row, State
from dashboards.grafana.palette import BAD, GOOD

_R = "[$__rate_interval]"


def _burn(severity: str, rule: int, text: str) -> Panel:
    these = f'sloth_severity="{severity}", sloth_rule="{rule}"'
    return Panel(
        f"Burn rate: {text}",
        Question.ALERTS,
        f"The {severity} fires while the long *and* the short window are above the dashed line. 1 spends the "
        "budget exactly in its period.",
        "short",
        (
            Query(f"slo:rule_burn_rate:ratio{{{these}}}", "{{sloth_slo}}, {{sloth_side}} window {{sloth_window}}"),
            Query(f"max(slo:rule_burn_rate_limit:ratio{{{these}}})", f"{severity} from here on", limit=True),
        ),
    )


BOARD = Board(
    uid="zweitherz-monitors",
    title="Zweitherz: monitors",
    text="What watches the service, and whether it can be believed. Seen from the site of the data source.",
    rows=(
        Row(
            "What do monitors see?",
            (
                Panel(
                    "Looks",
                    Question.SECOND_BY_SECOND,
                    "The last look of each monitor that saw something. Frozen while a monitor is blind: see "
                    "when it was last good.",
                    "short",
                    (Query("max by (site, monitor) (monitor_up)", "{{site}} {{monitor}}"),),
                    kind="states",
                    states={"1": State("good", GOOD), "0": State("failed", BAD)},
                    height=12,
                ),
                Panel(
                    "Alarms",
                    Question.ALERTS,
                    "Of monitors: on after looks that failed, with a way out that was seen.",
                    "short",
                    (Query("max by (site, monitor) (monitor_alarm)", "{{site}} {{monitor}}"),),
                    kind="states",
                    states={"1": State("alarm", BAD), "0": State("quiet", GOOD)},
                    height=12,
                ),
                Panel(
                    "Since the last good look",
                    Question.ALERTS,
                    "Grows while a monitor fails, is blind, or does not look any more: all three look alike "
                    "here, and none looks good.",
                    "s",
                    (Query("time() - max by (site, monitor) (monitor_last_good_seconds)", "{{site}} {{monitor}}"),),
                ),
                Panel(
                    "Looks that were not good",
                    Question.ALERTS,
                    "The six most frequent. Failed: the service is wrong. Blind: the monitor itself saw "
                    "nothing, so it proves nothing.",
                    "cps",
                    (
                        Query(
                            f'topk(6, sum by (monitor, outcome) (rate(monitor_looks_total{{outcome=~"failed|blind"}}{_R})))',
                            "{{monitor}} {{outcome}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "Does whoever watches live? (dead man's switches)",
            (
                Panel(
                    "Since any monitor looked",
                    Question.TRUST,
                    "Monitors' own heartbeat, compared with this Prometheus' clock.",
                    "s",
                    (Query("time() - max by (site) (monitor_heartbeat_seconds)", "{{site}}"),),
                    kind="number",
                    limit=10,
                    width=6,
                ),
                Panel(
                    "Heartbeat alert",
                    Question.TRUST,
                    "Fires always; where it stays away, rules are not evaluated.",
                    "short",
                    (Query('count(ALERTS{alertname="Heartbeat", alertstate="firing"}) or vector(0)', "heartbeat"),),
                    kind="states",
                    states={"1": State("beats", GOOD), "0": State("silent", BAD)},
                    width=6,
                ),
                Panel(
                    "Notifications to people",
                    Question.ALERTS,
                    "The heartbeat alone keeps the first line above zero: a flat zero, or a failed line that "
                    "is not, means that nobody would hear.",
                    "cps",
                    (
                        Query(
                            f'sum by (site) (rate(alertmanager_notifications_total{{integration="webhook"}}{_R}))',
                            "{{site}} tried",
                        ),
                        Query(
                            f'sum by (site) (rate(alertmanager_notifications_failed_total{{integration="webhook"}}{_R}))',
                            "{{site}} failed",
                        ),
                    ),
                ),
                Panel(
                    "Check-ins to Sentry",
                    Question.TRUST,
                    "Sent again and again; withheld when no monitor looked meanwhile, dropped when Sentry did not take them.",
                    "cps",
                    (Query(f"sum by (site, outcome) (rate(monitor_check_ins_total{_R}))", "{{site}} {{outcome}}"),),
                ),
                Panel(
                    "Alertmanagers that know each other",
                    Question.TRUST,
                    "Two, or every alert is told twice.",
                    "short",
                    (Query("max by (site) (alertmanager_cluster_members)", "{{site}}"),),
                ),
            ),
        ),
        Row(
            "How fast does the error budget burn?",
            (
                _burn("page", 1, "page, fast"),
                _burn("page", 2, "page, slower"),
                _burn("ticket", 1, "ticket, a day"),
                _burn("ticket", 2, "ticket, three days"),
                Panel(
                    "Error budget left",
                    Question.PROMISE,
                    "Of the whole period; below zero the promise is broken.",
                    "percentunit",
                    (Query("slo:period_error_budget_remaining:ratio", "{{sloth_slo}}"),),
                ),
                Panel(
                    "Alerts that fire",
                    Question.ALERTS,
                    "By name; the heartbeat is always among them.",
                    "short",
                    (
                        Query(
                            'count by (alertname, sloth_severity) (ALERTS{alertstate="firing"})',
                            "{{alertname}} {{sloth_severity}}",
                        ),
                    ),
                    kind="stacked",
                ),
            ),
        ),
        Row(
            "Are both sites deployed alike?",
            (
                Panel(
                    "Certificates: time left",
                    Question.TRUST,
                    "By site, the server whose certificate ends first.",
                    "s",
                    (Query("min by (site) (vitals_certificate_ends_seconds) - time()", "{{site}}"),),
                ),
                Panel(
                    "Clocks: ahead of this Prometheus",
                    Question.TRUST,
                    "By site, the server that is furthest ahead.",
                    "s",
                    (
                        Query(
                            "max by (site) (vitals_clock_seconds - timestamp(vitals_clock_seconds))",
                            "{{site}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)
