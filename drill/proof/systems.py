"""The systems that the proof looks at: what each known-bad one must turn red, and drills of a healthy one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from results.checks import asked

ENGINES = ("native", "rust", "gevent")
SMALL: dict[str, Any] = {
    "population.patients": 1200,
    "load.rate": 60,
    "phases.warm_up_s": 2,
    "phases.steady_s": 9.5,
    # several labs share two cores here: what is judged is which check turns red, not how quick this machine is
    "objectives.lag_p99_ms": 60,
    "objectives.latency_ms": "{p50: 900, p99: 4000}",
    "objectives.monitor_ttd_s": 12,
    "objectives.availability": 0.5,
    "objectives.alert_delivery_s": 12,
    "alerting.scrape_s": 3,
    "objectives.isolation_latency": "{p50: 5}",
}
_SITE_LOSS: dict[str, Any] = {
    "phases.takeover_limit_s": 12,
    "phases.recovered_s": 30,
    "objectives.at_risk_writes": 100,
    "objectives.rto_s": 28,
    "objectives.dns_t95_s": 20,
}
# data are lost, stored twice or missed by monitors within seconds of the loss: nothing later is waited for, or asked
_SOON: dict[str, Any] = {**_SITE_LOSS, "phases.recovered_s": 8}
_OF_DATA = ["injection-receipt", "data-loss", "duplicates", "corruption", "monitor-detection", "monitor-truth"]
# defects of the product or of its monitors: the cluster that watches would only cost time
_NO_TOOLS: dict[str, Any] = {"lab.tools": "false"}
_ALONE: dict[str, Any] = {**_NO_TOOLS, "checks": json.dumps([name for name in asked(None) if name != "alert-delivery"])}
_QUIET_ALONE: dict[str, Any] = {**_NO_TOOLS, "checks": "[duplicates, corruption, availability-slo, monitor-truth]"}
_CIRCLE: dict[str, Any] = {
    **_SITE_LOSS,
    **_NO_TOOLS,
    "phases.recovered_s": 12,
    "phases.return_s": 30,
    "phases.home_s": 12,
    "objectives.restored_hold_s": 4,
    "objectives.hand_over_late_ratio": 0.05,
    "checks": json.dumps(
        [*("injection-receipt", "recovery-time", "data-loss", "duplicates", "corruption"), "split-brain", "failback"]
    ),
}
_BRIEF: dict[str, Any] = {"phases.fault_s": 10, "phases.recovered_s": 10}
_TOOLS_SITE_LOSS: dict[str, Any] = {
    "phases.recovered_s": 20,
    "objectives.at_risk_writes": 100,
    "objectives.availability": 0.9,
}


@dataclass(frozen=True)
class Expected:
    """`red`: checks that must fail; `unclear`: must be inconclusive; `follows`: may be either, because of the same defect.

    In the drill of that name, with these changes to its plan.
    """

    red: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    drill: str = "site-loss"
    changes: dict[str, Any] = field(default_factory=lambda: {**_SITE_LOSS, **_ALONE})


def _expect(red: str = "", unclear: str = "", follows: str = "") -> Expected:
    return Expected(frozenset(red.split()), frozenset(unclear.split()), frozenset(follows.split()))


def _soon(red: str = "", follows: str = "", checks: tuple[str, ...] = (), **changes: Any) -> Expected:
    """In a site loss that ends as soon as the defect has shown."""
    changes = {**_SOON, "checks": json.dumps([*_OF_DATA, *checks]), **changes}
    return Expected(frozenset(red.split()), frozenset(), frozenset(follows.split()), changes=changes)


def _watched(drill: str, red: str = "", unclear: str = "", follows: str = "", **changes: Any) -> Expected:
    """With the cluster that watches."""
    must, may, because = (frozenset(names.split()) for names in (red, unclear, follows))
    return Expected(must, may, because, drill, changes)


# in the suite's 15 minutes there is no room for these
_NOT_QUICK = frozenset(
    {
        *(
            "no-promotion",
            "lying-health",
            "leaked-name",
            "hasty-hand-over",
            "lose-last-second",
            "ttl-ignored",
            "gevent",
        ),
        *("one-way-detection", "one-way-to-dns", "unverified-dns", "clock-never-set"),
        *("flapping-monitor", "rust"),
    }
)
_NO_SERVICE = "availability-slo latency-slo traffic-drain journal split-brain"
EXPECTED = {
    # the synthetic transaction reads back what was acknowledged, and finds the defect before any site is lost
    "ack-before-commit": _soon(red="data-loss", follows="monitor-truth", **_NO_TOOLS),
    # cut off first, the mirror is promoted within 4 s: less than a monitor that looks every 2 s can be asked to notice
    "lose-last-second": _soon(red="data-loss", follows="monitor-detection", **_NO_TOOLS),
    # an answer lost after the commit is an attempt that nobody knows the end of, before the fault as well, and is sent again
    "duplicate-on-retry": _soon(red="duplicates", follows="generator-health data-loss monitor-truth", **_NO_TOOLS),
    "corrupt-payload": _watched("quiet", red="corruption", **_BRIEF, **_QUIET_ALONE),
    "no-dns-switch": _expect(
        red="dns-convergence recovery-time availability-slo", follows=f"{_NO_SERVICE} data-loss duplicates corruption"
    ),
    # asynchronous, as with it the old site would wait for its mirror, and write nothing; monitors see two sites that disagree
    "no-fencing": _watched(
        "private-link-down",
        red="split-brain data-loss monitor-truth",
        follows="recovery-time availability-slo duplicates corruption cleanliness",
        **{"lab.replication": "async", **_NO_TOOLS, **_BRIEF, "phases.fault_s": 20},
    ),
    # without the clean end of the old primary it writes on for a while, and the rewind takes what it promised
    "hasty-hand-over": _watched(
        "site-loss-and-return",
        red="data-loss",
        follows="split-brain failback monitor-truth duplicates corruption monitor-detection",
        **{**_CIRCLE, "lab.replication": "async", "objectives.rpo_s": 60, "objectives.lost": 60},
    ),
    # when the balancer of the old site sends nobody on any more, nothing can be read back through the public name either
    "forgetful-hand-over": _watched(
        "site-loss-and-return", red="failback", follows="data-loss duplicates corruption", **_CIRCLE
    ),
    "clock-never-set": _watched("site-loss-and-return", red="failback", **_CIRCLE),
    # nobody brings the site back, though the order is answered well
    "undo-without-effect": _soon(red="cleanliness journal", follows="data-loss monitor-detection", **_NO_TOOLS),
    # nobody serves, so nothing can be read back through the public name either
    "no-promotion": _expect(
        red="recovery-time", follows=f"{_NO_SERVICE} data-loss duplicates corruption dns-convergence"
    ),
    # the final read asks that resolver as well, and is sent to the site that was lost
    "ttl-ignored": _expect(
        red="dns-convergence",
        follows="recovery-time traffic-drain latency-slo availability-slo data-loss duplicates corruption monitor-truth",
    ),
    # slower than the monitors' patience: their alarm stays on
    "slow-survivor": _expect(red="latency-slo", follows="monitor-truth"),
    "lying-health": _expect(red="recovery-time", follows=f"{_NO_SERVICE} data-loss"),
    # the experiment ends here: nothing after it can be judged
    "fault-without-effect": _expect(
        unclear="injection-receipt journal recovery-time data-loss split-brain dns-convergence traffic-drain latency-slo "
        "monitor-detection monitor-truth",
        follows="availability-slo cleanliness",
    ),
    "starved-generator": _expect(
        unclear="generator-health", follows="latency-slo availability-slo recovery-time data-loss traffic-drain journal"
    ),
    # whoever kept a connection is away when it is asked whether everybody is back
    "shy-phones": _watched(
        "reconnect-herd",
        red="reconnection",
        follows="availability-slo",
        **{
            **_BRIEF,
            **_NO_TOOLS,
            "load.ramp_s": 0,
            "load.classes": "[{name: keeper, share: 0.2, resolver: honest, keep_alive: true, period_s: 8}, "
            "{name: fresh, share: 0.8, resolver: honest}]",
            "objectives.reconnection_t95_s": 14,
            "objectives.at_risk_writes": 100,
            "checks": "[injection-receipt, reconnection, data-loss, duplicates, corruption]",
        },
    ),
    "newest-first-phones": _watched(
        "backlog-drain",
        red="backlog",
        **{
            **_NO_TOOLS,
            "load.ramp_s": 0,
            "load.classes": "[{name: fresh, share: 0.93, resolver: honest}, "
            "{name: offline, share: 0.07, resolver: honest, period_s: 4, offline_s: 9, return_s: 2, pause_s: 0.2}]",
            "phases.recovered_s": 10,
            "checks": "[backlog, duplicates, corruption]",
        },
    ),
    "silent-monitor": _soon(red="monitor-detection", **_NO_TOOLS),
    "flapping-monitor": _watched("quiet", red="monitor-truth", **_BRIEF, **_QUIET_ALONE),
    # everybody's name points to a stranger, who thanks for every reading: what he was told is nowhere
    "trusting-phones": _watched(
        "dns-wrong",
        red="authenticity data-loss",
        follows="monitor-truth",
        **{
            **_BRIEF,
            **_NO_TOOLS,
            "phases.recovered_s": 24,
            "objectives.at_risk_writes": 100,
            "checks": "[injection-receipt, data-loss, duplicates, authenticity, monitor-truth]",
        },
    ),
    # nobody can get in, and nobody takes over: the database behind it is well
    "one-way-detection": _watched(
        "balancer-gone",
        red="recovery-time dns-convergence",
        follows=f"{_NO_SERVICE} data-loss duplicates corruption monitor-truth",
        **{**_SITE_LOSS, **_ALONE},
    ),
    # promoted, and nobody is told: the entry cannot be changed the only way that is known
    "one-way-to-dns": _watched(
        "dns-updates-refused",
        red="dns-convergence recovery-time",
        follows=f"{_NO_SERVICE} data-loss duplicates corruption monitor-truth",
        **{**_SITE_LOSS, **_ALONE},
    ),
    # every second answer goes on leading to the site that was lost
    "unverified-dns": _watched(
        "name-server-stale",
        red="dns-convergence",
        follows=f"recovery-time {_NO_SERVICE} data-loss duplicates corruption monitor-truth",
        **{**_SITE_LOSS, **_ALONE},
    ),
    # what the mirror lacks is given up without anybody's having been asked
    "nobody-asked": _watched(
        "lagging-mirror",
        red="people",
        follows="monitor-truth alert-delivery",
        **{
            **_SITE_LOSS,
            **_NO_TOOLS,
            "phases.fault_s": 10,
            "checks": "[injection-receipt, recovery-time, data-loss, people]",
        },
    ),
    # the page fires, and goes to nobody
    "alert-misrouted": _soon(red="alert-delivery", checks=("alert-delivery",)),
    # there is no second Prometheus to be read either
    "tools-not-mirrored": _watched(
        "tools-site-loss",
        red="tools-takeover",
        follows="alert-delivery privacy monitor-truth",
        **_TOOLS_SITE_LOSS,
    ),
    # a service that waits for Sentry answers nobody meanwhile: not the monitors, not Prometheus
    "blocking-telemetry": _watched(
        "sentry-down",
        red="isolation",
        follows="latency-slo availability-slo monitor-truth monitor-detection alert-delivery generator-health privacy journal",
        **_BRIEF,
    ),
    "telemetry-abroad": _watched("quiet", red="residency", **_BRIEF),
    # an exception is an error that the monitor of Sentry's issues may well notice
    "leaked-name": _watched("quiet", red="privacy", follows="monitor-truth", **_BRIEF),
    "patient-in-label": _watched("quiet", red="privacy", **_BRIEF),
}


@dataclass(frozen=True)
class System:
    """One drill of the proof: which, with which changes to its plan in the quick form, and what must come of it."""

    drill: str
    changes: dict[str, Any]
    expected: Expected = Expected(changes={})  # of a healthy system: nothing may turn

    @property
    def watched(self) -> bool:
        """With the cluster that watches, which costs as much processor time again."""
        return self.changes.get("lab.tools") != "false"


def quick_systems() -> dict[str, System]:
    """The small ones, without those whose checks others of them turn as well."""
    return {name: each for name, each in small_systems().items() if name not in _NOT_QUICK}


def small_systems() -> dict[str, System]:
    """By name: each known-bad system, and healthy ones under every engine and where what watches is blind; a minute each."""
    known_bad = {
        name: System(each.drill, {**SMALL, **each.changes, "lab.defect": name}, each) for name, each in EXPECTED.items()
    }
    engines = {
        name: System("site-loss", {**SMALL, **_SITE_LOSS, **({} if name == "native" else _ALONE), "load.engine": name})
        for name in ENGINES
    }
    return {**known_bad, **engines, "clean-monitor-blind": System("monitor-blind", {**SMALL, **_BRIEF})}


def healthy_systems(drills: Iterable[str], seeds: Iterable[int] = (1,)) -> dict[str, System]:
    """By name: every drill in its quick form on a healthy system, once with each seed."""
    return {f"healthy-{name}-{seed}": System(name, {"seed": seed}) for seed in seeds for name in drills}
