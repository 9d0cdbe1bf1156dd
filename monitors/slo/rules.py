"""Prometheus recording and alert rules of an objective, named as Sloth names them (github.com/slok/sloth)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from monitors.slo.openslo import Slo
from results.burn import LEAST_BAD, Windows, duration

HEARTBEAT = "Heartbeat"
_NAMES = {"page": "BudgetBurnsFast", "ticket": "BudgetBurnsSlowly"}


def rules(slo: Slo, windows: Windows) -> dict[str, Any]:  # the content of a Prometheus rule file
    """Three groups: error ratios by window, what describes the objective, alerts."""
    return {
        "groups": [
            {"name": f"sloth-slo-sli-recordings-{slo.id}", "rules": _ratios(slo, windows)},
            {"name": f"sloth-slo-meta-recordings-{slo.id}", "rules": _meta(slo, windows)},
            {"name": f"sloth-slo-alerts-{slo.id}", "rules": _alerts(slo, windows)},
        ]
    }


def heartbeat() -> dict[str, Any]:
    """A group with one alert that fires always: where it does not arrive, the way of the alerts is broken."""
    alert = {
        "alert": HEARTBEAT,
        "expr": "vector(1)",
        "labels": {"severity": "none"},
        "annotations": {"summary": "rules are evaluated, and what they say arrives"},
    }
    return {"name": "heartbeat", "rules": [alert]}


def alert_name(slo: Slo, severity: str) -> str:
    """The name of an objective's alert of that severity: page or ticket."""
    return f"{_camel(slo.service)}{_camel(slo.name)}{_NAMES[severity]}"


def _labels(slo: Slo) -> dict[str, str]:
    return {"sloth_id": slo.id, "sloth_service": slo.service, "sloth_slo": slo.name}


def _selector(slo: Slo) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in _labels(slo).items())


def _ratios(slo: Slo, windows: Windows) -> list[dict[str, Any]]:
    lengths = sorted({length for pair in windows.pairs for length in (pair.long_s, pair.short_s)})
    made = []
    for length in lengths:
        window = duration(length)
        made.append(
            {
                "record": f"slo:sli_error:ratio_rate{window}",
                # no events, no ratio: an objective without data must not look like one that is met
                "expr": f"1 - (sum(rate({slo.good}[{window}])) / (sum(rate({slo.total}[{window}])) > 0))",
                "labels": {**_labels(slo), "sloth_window": window},
            }
        )
    shortest, period = duration(lengths[0]), duration(windows.period_s)
    over = f"slo:sli_error:ratio_rate{shortest}{{{_selector(slo)}}}[{period}]"
    made.append(
        {
            "record": f"slo:sli_error:ratio_rate{period}",
            "expr": f"sum_over_time({over}) / ignoring (sloth_window) count_over_time({over})",
            "labels": {**_labels(slo), "sloth_window": period},
        }
    )
    return made


def _meta(slo: Slo, windows: Windows) -> list[dict[str, Any]]:
    own, labels = _selector(slo), _labels(slo)
    shortest = duration(min(pair.short_s for pair in windows.pairs))
    period = duration(windows.period_s)
    budget = f"on(sloth_id, sloth_slo, sloth_service) group_left slo:error_budget:ratio{{{own}}}"
    expressions = {
        "slo:objective:ratio": f"vector({slo.target})",
        "slo:error_budget:ratio": f"vector(1-{slo.target})",
        "slo:time_period:days": f"vector({windows.period_s / 86_400:.10g})",
        "slo:current_burn_rate:ratio": f"slo:sli_error:ratio_rate{shortest}{{{own}}} / {budget}",
        "slo:period_burn_rate:ratio": f"slo:sli_error:ratio_rate{period}{{{own}}} / {budget}",
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{{{own}}}",
    }
    made: list[dict[str, Any]] = [
        {"record": name, "expr": expr, "labels": dict(labels)} for name, expr in expressions.items()
    ]
    info = {
        **labels,
        "sloth_objective": f"{slo.target * 100:.10g}",
        "window_scale": str(windows.scale),
    }
    return [
        *made,
        {"record": "sloth_slo_info", "expr": "vector(1)", "labels": info},
        *_burn_rates(slo, windows, budget),
    ]


def _burn_rates(slo: Slo, windows: Windows, budget: str) -> list[dict[str, Any]]:
    """What each alert compares, by names without a window's length: one dashboard draws operation's windows and a drill's."""
    made: list[dict[str, Any]] = []
    numbers = Counter[str]()
    for pair in windows.pairs:
        numbers[pair.severity] += 1
        about = {**_labels(slo), "sloth_severity": pair.severity, "sloth_rule": str(numbers[pair.severity])}
        for side, length in (("long", pair.long_s), ("short", pair.short_s)):
            made.append(
                {
                    "record": "slo:rule_burn_rate:ratio",
                    "expr": f"slo:sli_error:ratio_rate{duration(length)}{{{_selector(slo)}}} / {budget}",
                    "labels": {**about, "sloth_side": side, "sloth_window": duration(length)},
                }
            )
        limit = f"vector({pair.factor(windows.period_s):.10g})"
        made.append({"record": "slo:rule_burn_rate_limit:ratio", "expr": limit, "labels": about})
    return made


def _alerts(slo: Slo, windows: Windows) -> list[dict[str, Any]]:
    own, made = _selector(slo), []
    for severity in dict.fromkeys(pair.severity for pair in windows.pairs):
        parts = []
        for pair in (pair for pair in windows.pairs if pair.severity == severity):
            limit = f"({pair.factor(windows.period_s):.10g} * {slo.budget:.10g})"
            short, long = (
                f"max(slo:sli_error:ratio_rate{duration(length)}{{{own}}} > {limit}) without (sloth_window)"
                for length in (pair.short_s, pair.long_s)
            )
            parts.append(f"({short} and {long} and {_enough_bad(slo, pair.long_s)})")
        made.append(
            {
                "alert": alert_name(slo, severity),
                "expr": " or ".join(parts),
                "labels": {"sloth_severity": severity},
                "annotations": {
                    "summary": f"{slo.service} {slo.name}: the error budget burns too fast",
                    "description": slo.description or f"{slo.target:.4%} of all events are to be good",
                },
            }
        )
    return made


def _enough_bad(slo: Slo, long_s: int) -> str:
    """Half an event less than asked: Prometheus extrapolates a rise to the edges of the window."""
    total, good = (f"sum(increase({series}[{duration(long_s)}]))" for series in (slo.total, slo.good))
    return f"on() ({total} - {good} > {LEAST_BAD - 0.5:g})"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
