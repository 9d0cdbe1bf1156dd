"""Which monitors a target allows: each needs a part of it, and stays out where that is missing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from monitors.certificate import Certificate
from monitors.check_in import PROJECT, CheckIns
from monitors.deployment import Deployment
from monitors.http_health import HttpHealth
from monitors.look import Monitor
from monitors.matomo_activity import MatomoActivity
from monitors.names import Names
from monitors.peer import Peer
from monitors.place import Place
from monitors.prometheus_alerts import PrometheusAlerts
from monitors.replication import Replication
from monitors.sentry_checkins import SentryCheckIns
from monitors.sentry_issues import SentryIssues
from monitors.stream import LiveStream
from monitors.tool_health import Kind, ToolHealth
from monitors.transaction import Transaction
from targets.model import Prometheus, Target, Tools

# None: the target lacks what the monitor needs
Make = Callable[[Place, str], Monitor | None]


@dataclass(frozen=True)
class _Entry:
    """A monitor, what it `needs` of the target (for people), and how it is made."""

    name: str
    needs: str
    make: Make


def roster(place: Place, site: str, closing: ExitStack) -> list[Monitor]:
    """The monitors of that site; what they keep open goes into `closing`. Raises NoSecret, BadTarget, OSError (no such file)."""
    monitors = [made for entry in _ENTRIES if (made := entry.make(place, site)) is not None]
    for monitor in monitors:
        if isinstance(monitor, LiveStream):
            closing.callback(monitor.close)
    return monitors


def left_out(monitors: list[Monitor]) -> dict[str, str]:
    """Those that are not among `monitors`, and what the target lacks for them."""
    there = {each.name for each in monitors}
    return {entry.name: entry.needs for entry in _ENTRIES if entry.name not in there}


def check_ins(place: Place, site: str) -> CheckIns | None:
    """What tells Sentry that these monitors live; None where the target has no Sentry for that. Raises NoSecret, BadTarget."""
    tools = place.target.tools
    if tools is None or tools.sentry is None or PROJECT not in tools.sentry.projects:
        return None
    return CheckIns(place, tools, tools.sentry, site)


def _others(target: Target, site: str) -> list[str]:
    """Sites whose monitors should live as well: those that the target lets monitors stand in, or has an address for."""
    return [
        each.name for each in target.sites if each.name != site and (each.monitors or target.monitors_at(each.name))
    ]


def _number(place: Place, site: str) -> int:
    """Which of the test patients; each place has its own."""
    names = [each.name for each in place.target.sites]
    return names.index(site) + 1 if site in names else 0


def _transaction(place: Place, site: str) -> Monitor:
    return Transaction(place, _number(place, site))


def _stream(place: Place, site: str) -> Monitor | None:
    stream = place.target.stream
    return None if stream is None else LiveStream(place, _number(place, site), stream)


def _sentry_issues(place: Place, _: str) -> Monitor | None:
    tools = place.target.tools
    if tools is None or tools.sentry is None or place.target.service.name not in tools.sentry.projects:
        return None
    return SentryIssues(place, tools, tools.sentry)


def _sentry_check_ins(place: Place, site: str) -> Monitor | None:
    tools, others = place.target.tools, _others(place.target, site)
    if tools is None or tools.sentry is None or PROJECT not in tools.sentry.projects or not others:
        return None
    return SentryCheckIns(place, tools, tools.sentry, others)


def _matomo_activity(place: Place, _: str) -> Monitor | None:
    tools = place.target.tools
    return None if tools is None or tools.matomo is None else MatomoActivity(place, tools, tools.matomo)


def _of_prometheus(kind: Callable[[Place, Tools, Prometheus], Monitor]) -> Make:
    def make(place: Place, _: str) -> Monitor | None:
        tools = place.target.tools
        return None if tools is None or tools.prometheus is None else kind(place, tools, tools.prometheus)

    return make


def _compares(prometheus: Prometheus) -> bool:
    return any((prometheus.certificate_ends, prometheus.releases, prometheus.clock))


def _of_prometheus_where(
    wanted: Callable[[Prometheus], bool], kind: Callable[[Place, Tools, Prometheus], Monitor]
) -> Make:
    make = _of_prometheus(kind)

    def where(place: Place, site: str) -> Monitor | None:
        tools = place.target.tools
        return make(place, site) if tools and tools.prometheus and wanted(tools.prometheus) else None

    return where


def _health(kind: Kind) -> Make:
    def make(place: Place, _: str) -> Monitor | None:
        tools = place.target.tools
        return None if tools is None or getattr(tools, kind) is None else ToolHealth(place, tools, kind)

    return make


def _peer(place: Place, site: str) -> Monitor | None:
    tools = place.target.tools
    peers = [each.monitors for each in place.target.sites if each.name != site and each.monitors is not None]
    if tools is None or tools.private_pem is None or not peers:
        return None
    return Peer(place, peers, tools.ca_file, tools.private_pem)


_ENTRIES = (
    _Entry("dns", "zone", lambda place, _: Names(place)),
    _Entry("http", "service", lambda place, _: HttpHealth(place)),
    _Entry("certificate", "service", lambda place, _: Certificate(place)),
    _Entry("transaction", "service", _transaction),
    _Entry("stream", "stream", _stream),
    _Entry("sentry", "tools.sentry", _health("sentry")),
    _Entry("matomo", "tools.matomo", _health("matomo")),
    _Entry("prometheus", "tools.prometheus", _health("prometheus")),
    _Entry("sentry-issues", "tools.sentry with a project of the service's name", _sentry_issues),
    _Entry("sentry-checkins", f"tools.sentry with the project {PROJECT!r}, and another site", _sentry_check_ins),
    _Entry("matomo-activity", "tools.matomo", _matomo_activity),
    _Entry("prometheus-alerts", "tools.prometheus", _of_prometheus(PrometheusAlerts)),
    _Entry("replication", "tools.prometheus", _of_prometheus(Replication)),
    _Entry(
        "deployment",
        "tools.prometheus with certificate_ends, releases or clock",
        _of_prometheus_where(_compares, Deployment),
    ),
    _Entry("peer", "tools.private_pem, and monitors of another site", _peer),
)
