"""What a drill asks for: ``extensions: [{name: zweitherz, …}]`` of an experiment, every default made visible.

The plan is evidence (``plan.yaml``), so its schema lives here. Who plays what: `loadtests` reads population, load,
classes; `chaos` reads fault, phases, guards; `drill` reads lab; `results.checks` read objectives.
Unknown keys are errors.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = float


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Population(_Part):
    """Who the patients are."""

    patients: int = Field(120_000, ge=1, le=2_000_000_000)
    conditions: dict[str, Share] = {
        "atrial-fibrillation": 0.28,
        "hypertension": 0.42,
        "coronary-disease": 0.18,
        "heart-failure": 0.12,
    }
    regions: dict[str, Share] = {"DE-north": 0.2, "DE-west": 0.35, "DE-south": 0.3, "DE-east": 0.15}


class ClientClass(_Part):
    """How one kind of client uses DNS and connections.

    cache_s     the application keeps an address that long, whatever the TTL says (JVM: 30); 0: asks at each connection
    offline_s   has no network for so long from the start of the load: readings are kept, and sent afterwards, one at a time, each
                `pause_s` after the one before; such phones return within `return_s`
    keep_alive  keeps its connection between uploads until somebody closes it
    period_s    a reading every so many seconds, in place of the population's usual period
    """

    name: str
    share: Share = Field(gt=0, le=1)
    resolver: str
    cache_s: float = Field(0, ge=0)
    keep_alive: bool = False
    period_s: float | None = Field(None, gt=0)
    offline_s: float = Field(0, ge=0)
    return_s: float = Field(5, gt=0)
    pause_s: float = Field(0, ge=0)


class Load(_Part):
    """Open arrivals: when uploads are due does not depend on how the service answers."""

    rate: float = Field(400, gt=0, le=100_000, description="uploads a second that the schedule asks for, all patients")
    ramp_s: float = Field(0, ge=0, description="the rate rises evenly from none to all of it over so long; 0: at once")
    workers: int = Field(1, ge=1, le=64)
    elsewhere: bool = Field(
        False, description="workers are started on other hosts; the drill waits for so many of them"
    )
    engine: Literal["native", "rust", "gevent"] = "native"
    tls_resumed: Share = Field(0.3, ge=0, le=1, description="share of new connections that may resume a TLS session")
    grid_ms: int = Field(
        20, ge=0, le=1000, description="arrivals are defined on a grid of so many milliseconds; 0: none"
    )
    jitter: Share = Field(0.1, ge=0, le=0.5, description="of a patient's period")
    connect_timeout_s: float = Field(3, gt=0)
    request_timeout_s: float = Field(10, gt=0)
    backoff_base_s: float = Field(1, gt=0)
    backoff_cap_s: float = Field(30, gt=0)
    queue_limit: int = Field(100, ge=1, description="readings a device keeps while it cannot send")
    usage: bool = Field(True, description="the app reports its use to the target's Matomo")
    classes: list[ClientClass] = [
        ClientClass(name="fresh", share=0.55, resolver="honest"),
        ClientClass(name="clamped", share=0.2, resolver="clamped"),
        ClientClass(name="stale", share=0.15, resolver="stale"),
        ClientClass(name="pinned", share=0.095, resolver="honest", cache_s=30),
        ClientClass(name="keep-alive", share=0.005, resolver="honest", keep_alive=True, period_s=20),
    ]
    distances: dict[str, Share] = {"near": 0.5, "middle": 0.35, "far": 0.15}


class Phases(_Part):
    """Lengths in seconds. The loss lasts until the takeover is seen, at most `takeover_limit_s`."""

    warm_up_s: float = Field(10, ge=0)
    steady_s: float = Field(80, ge=1)
    fault_s: float = Field(20, ge=0, description="how long a fault stays that is lifted again during the drill")
    takeover_limit_s: float = Field(90, ge=1)
    recovered_s: float = Field(150, ge=1, description="load goes on so long after the service is back")
    return_s: float = Field(60, ge=1, description="how long a site that comes back may take to be a mirror again")
    home_s: float = Field(60, ge=1, description="load goes on so long at the site that was handed the service back")
    drain_s: float = Field(40, ge=0, description="no new readings; queues empty themselves; ends early when they have")


class Objectives(_Part):
    """The promises that are judged. The reason for each number stands beside it in the experiment file."""

    rto_s: float = 60
    rpo_s: float = 0
    lost: int = 0
    duplicated: int = 0
    deadline_s: float = Field(10, description="D: an upload acknowledged within D of its intended time is good")
    good_ratio: Share = Field(0.99, description="restored = good ratio at least this …")
    restored_window_s: float = Field(10, description="… over a window of W seconds (definitions: 60) …")
    restored_hold_s: float = Field(30, description="… and held for H seconds (definitions: 300)")
    latency_ms: dict[str, float] = Field(
        {"p50": 250, "p99": 1000}, description="from the intended time, in the phases steady and recovered"
    )
    availability: Share = Field(0.95, description="good / intended over the whole drill")
    dns_t95_s: float = Field(
        30, description="95 % of a class's requests off the dead site, after t_auth; honest classes"
    )
    drain_t95_s: float = Field(90, description="the same for the slowest class")
    lag_p99_ms: float = Field(20, description="generator: dispatched - scheduled, steady phase")
    rejoin_s: float = Field(60, description="a site that came back is a mirror again after so long")
    clock_s: float = Field(
        2, gt=0, description="after the hand-over: how far the clock of the site that serves may be off"
    )
    hand_over_s: float = Field(5, description="planned hand-over: longest time without an acknowledged upload")
    hand_over_late_ratio: Share = Field(
        0.002, description="readings intended during and after a hand-over that miss their deadline"
    )
    at_risk_writes: int = Field(
        1000, description="n_min: fewer acknowledgements in the at-risk window prove too little"
    )
    monitor_ttd_s: float = Field(5, description="fastest monitor of the service: first alarm after t0")
    alert_delivery_s: float = Field(6, description="from an alert's firing to its delivery, by the quickest channel")
    heartbeat_s: float = Field(15, description="longest time without a heartbeat on the best channel")
    tools_rto_s: float = Field(60, description="telemetry is taken again so long after the loss of the tools' site")
    telemetry_lost: Share = Field(
        0.02, description="acknowledged telemetry missing after it; it is replicated asynchronously"
    )
    isolation_latency: dict[str, float] = Field(
        {"p50": 1.25, "p99": 2.0},
        description="quantiles during the fault, at most so many times those before it, beyond both intervals",
    )
    isolation_bad_ratio: Share = Field(
        0.001, description="readings not on time during a fault that is none of the patients'"
    )
    reconnection_t95_s: float = Field(
        30, description="95 % of those who lost a connection that they keep have one again"
    )
    reconnection_factor: float = Field(4, description="new connections in the worst second, times those in a usual one")
    backlog_t95_s: float = Field(
        60, description="95 % of what phones kept without a network has arrived after it returned"
    )
    monitor_blind_s: float = Field(10, description="longest time without a look of a monitor at the surviving site")
    info_ratio_outside: Share = Field(0.001, description="indeterminate uploads outside the fault window")
    steady_fail_ratio: Share = Field(0.001, description="failed uploads in the steady phase")


class Comparison(_Part):
    """How much worse than the baseline's a figure may be: the larger of a share of the baseline and a floor in its own unit.

    Fixed in the plan, so before the run. An interval says how far a figure may be from the truth of *its* run; what two runs of
    the same system differ by beyond that (another hour, another neighbour on the machine) is what tolerances are for.
    """

    latency: dict[str, Share] = Field(
        {"p50": 0.1, "p99": 0.25}, description="which quantiles are compared, and the share each may rise by"
    )
    by_distance: list[str] = Field(
        ["p50", "p99"], description="of these quantiles, those that are compared for each distance class as well"
    )
    latency_floor_ms: float = Field(10, ge=0)
    availability: Share = Field(0.02, description="of the whole drill, outage included: a difference, no share of it")
    availability_calm: Share = Field(0.005, description="the same in the phases steady and recovered")
    seconds: Share = Field(0.2, description="of the single times: recovery, detection, DNS")
    seconds_floor_s: float = Field(3, ge=0)
    lag_floor_ms: float = Field(10, ge=0, description="generator")
    resources: Share = Field(0.1, description="per 1,000 acknowledged uploads")
    intended: Share = Field(0.02, description="equal work: readings intended in the steady phase")


class Guards(_Part):
    """What ends a drill early."""

    steady_good_ratio: Share = Field(0.99, description="before the fault, over the last 10 s of the steady phase")
    abort_unavailable_s: float = Field(240, description="no acknowledged upload for so long")
    stop_file: str = "STOP"
    time_limit_s: float = 600
    lease_s: float = Field(
        60, ge=5, le=3600, description="a drill that is gone for so long: the target mends what it broke"
    )


class LabOptions(_Part):
    """The embedded lab, when no --target is given."""

    replication: Literal["sync", "async"] = "sync"
    defect: str = "none"
    ttl_s: int = Field(5, ge=1)
    clamp_s: int = Field(60, ge=1, description="the clamping resolver keeps every answer at least that long")
    servers_per_site: int = Field(2, ge=2, le=8)
    tools: bool = Field(True, description="with the cluster that watches: Sentry, Matomo, Prometheus, Alertmanager")
    volume_mb: int = Field(
        0, ge=0, le=4096, description="size of the volume of each site's database, in memory; 0: the machine's own disk"
    )
    kubernetes: bool = Field(False, description="with an API server per site, by which faults reach it")
    link_ms: float = Field(2, description="private link, one way")
    distances_ms: dict[str, float] = Field({"near": 5, "middle": 20, "far": 45}, description="one way")


class Fault(_Part):
    """What is done to whom, and what is to come of it.

    takeover  the cluster that must be taken over by the survivor; none: nothing may be
    seen_by   monitors that must notice, at every place but the lost site; `may_see`: others that may (none named: any)
    """

    name: str = "site-loss"
    site: str = "fra"
    survivor: str = "gra"
    service: str = Field(
        "",
        description="of service-down: sentry, matomo, oncall, pager; server, analysis, database of the site; of process-killed: "
        "server, analysis, balancer",
    )
    how: Literal["stopped", "frozen", "down", "one-way", "slow", "lossy", "drain"] = Field(
        "frozen",
        description="of service-down: gone (stopped), or there and never answering (frozen); of private-link: down, one-way "
        "(passes from the first site only), slow, lossy; of site-loss: drain (pods are evicted, and no node takes new ones)",
    )
    every_s: float = Field(0, ge=0, description="done again so often while it lasts (process-killed); 0: once")
    more_ms: float = Field(20, gt=0, le=2000, description="of a slow private link: so much more, one way")
    loss: float = Field(
        0.02, ge=0.01, le=0.5, description="of a lossy private link: share of the packets lost, each way"
    )
    takeover: Literal["main", "tools", "none"] = "main"
    seen_by: list[str] = ["http", "transaction"]
    may_see: list[str] | None = None
    order: list[Literal["private-link", "public-link", "processes"]] = ["private-link", "public-link", "processes"]
    pause_s: float = Field(0, ge=0, description="between the parts of the order; a rolling disaster takes its time")


class Condition(_Part):
    """Something else that is broken, and stays so: already when the fault comes, a while after it, or when the lost site returns.

    after_s    null: before the fault; else so many seconds after its effect
    at_return  the lost site comes back with it
    """

    name: str
    site: str = ""
    service: str = ""
    how: Literal["stopped", "frozen"] = "stopped"
    after_s: float | None = Field(None, ge=0)
    at_return: bool = False

    @property
    def before_fault(self) -> bool:
        return self.after_s is None and not self.at_return


class Person(_Part):
    """Somebody who has to approve a step of the takeover.

    answers_s  so long after being asked; null: in earnest, by the file ``approvals/<step>`` of the run (at a terminal the drill
               asks and writes it; what is written in it is the reason)
    absent     never answers: the `deputy` does, `deputy_s` after `name` was asked
    """

    step: Literal["fence", "promote", "dns", "declare"]
    name: str = "on-call"
    answers_s: float | None = Field(10, ge=0)
    absent: bool = False
    deputy: str = "deputy"
    deputy_s: float = Field(30, ge=0)
    reason: str = "as the runbook says"


class Alerting(_Part):
    """Objectives whose burn-rate alerts are evaluated during the drill (names of files of `monitors/objectives`).

    scale     all windows and the period are shortened by so much: a drill lasts minutes
    expected  alerts that must fire because of the fault, and clear; any other page is a false alarm
    scrape_s, evaluation_s  of the target's Prometheus: they belong to the time in which an alert must fire
    """

    objectives: list[str] = ["reachability", "uploads"]
    scale: int = Field(100, ge=1)
    expected: list[str] = ["VitalsReachabilityBudgetBurnsFast"]
    may_fire: list[str] = ["VitalsUploadsBudgetBurnsFast"]
    scrape_s: float = Field(1, gt=0)
    evaluation_s: float = Field(1, gt=0)


class Plan(_Part):
    """The whole plan of one drill."""

    name: Literal["zweitherz"] = "zweitherz"
    schema_: Literal["zweitherz/plan/1"] = Field("zweitherz/plan/1", alias="schema")
    drill: str
    seed: int = 1
    takeover: Literal["perform", "observe"] = "observe"
    population: Population = Population()
    load: Load = Load()
    phases: Phases = Phases()
    fault: Fault = Fault()
    conditions: list[Condition] = []
    people: list[Person] = []
    alerting: Alerting = Alerting()
    checks: list[str] | None = Field(None, description="checks that are asked for in this drill; null: all")
    objectives: Objectives = Objectives()
    comparison: Comparison = Comparison()
    guards: Guards = Guards()
    lab: LabOptions = LabOptions()

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _shares_add_up(self) -> Plan:
        sums = {
            "population.conditions": sum(self.population.conditions.values()),
            "population.regions": sum(self.population.regions.values()),
            "load.distances": sum(self.load.distances.values()),
            "load.classes": sum(each.share for each in self.load.classes),
        }
        for key, total in sums.items():
            if abs(total - 1) > 1e-6:
                raise ValueError(f"{key}: shares add up to {total:.6g}, must be 1")
        return self
