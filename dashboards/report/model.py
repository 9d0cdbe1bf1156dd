"""What ``report.json`` holds. Whoever renders a report takes this and nothing else.

Times are seconds since `origin_ns` (the fault's effect; the first reading where there was none) unless a name says otherwise.
Texts that come out of the evidence stay in English, as they were recorded; everything else is a key of `dashboards.report.words`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from results.finding import Verdict

FILE = "report.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Missing(_Part):
    """What stands in the place of a part that the evidence does not have.

    reason   key of the words: ``not-asked``, ``no-fault``, ``no-takeover``, ``evidence``, ``first``, ``no-prices``, ``too-few``
    said     what the evidence says itself
    """

    reason: str
    said: str = ""


class Check(_Part):
    """One finding. `why` is a sentence of the evidence."""

    name: str
    verdict: Verdict
    why: str
    measured: dict[str, JsonValue] = {}
    objective: dict[str, JsonValue] = {}


class Promise(_Part):
    """One of the three numbers for management. `value` None: not known; `verdict` None: this drill does not ask for it."""

    name: Literal["unserved", "lost", "affected"]
    value: float | None
    objective: float | None
    verdict: Verdict | None
    of: float | None = None


class Past(_Part):
    """An earlier drill of the same name, or this one (the last), as its verdict tells."""

    run: str
    started: str = Field(description="ISO 8601, UTC")
    verdict: Verdict
    patients: float | None
    rta_s: float | None
    lost: float | None
    late: float | None = Field(description="share of the readings that missed their deadline")


class Trend(_Part):
    """Oldest first; the objectives are those of this run's plan."""

    runs: list[Past]
    rto_s: float
    lost: float
    late: float


class Distance(_Part):
    """Quantiles in ms from the intended time; None: too few readings, or never acknowledged. `readings` by phase."""

    name: str
    one_way_ms: float | None
    normal: dict[str, float | None]
    one_site: dict[str, float | None]
    readings: tuple[int, int]


class Distances(_Part):
    """`objective` in ms by quantile. `one_site` False: no fault took effect, so there is no time on one site."""

    classes: list[Distance]
    objective: dict[str, float]
    one_site: bool


class Resource(_Part):
    """Per 1,000 acknowledged uploads, by phase (steady, recovered). None: not recorded."""

    name: Literal["cpu_s", "memory_gb_s", "out_gb", "stored_gb"]
    phases: dict[str, float | None]


class CostOf(_Part):
    """What 1,000 acknowledged uploads cost in a phase, with its 95 % interval. `without`: what nobody recorded is not in it."""

    phase: str
    value: float | None
    low: float | None
    high: float | None
    without: list[str]


class Costs(_Part):
    currency: str
    prices: str
    date: str
    phases: list[CostOf]


class Expense(_Part):
    """Of the services of both sites. `gaps`: what keeps a phase's figures from being compared."""

    resources: list[Resource]
    gaps: dict[str, str]
    cost: Costs | Missing


class Light(_Part):
    """A requirement and the checks that answer it; `verdict` None: none of them was asked."""

    name: str
    verdict: Verdict | None
    checks: dict[str, Verdict]
    not_asked: list[str]


class Happening(_Part):
    """Something on the timeline; `end` None: a moment. `what` is a key of the words, `who` a name of the evidence."""

    lane: Literal["phases", "fault", "patients", "monitors", "alerts", "takeover", "dns", "classes", "rollback"]
    what: str
    who: str
    begin: float
    end: float | None = None


class Timeline(_Part):
    """`errors`: (second, attempts that failed or whose end nobody knows)."""

    happenings: list[Happening]
    errors: list[tuple[int, int]]


class Step(_Part):
    """A bar of the takeover; `human`: somebody was waited for. None: did not begin, or did not end."""

    name: str
    begin: float | None
    end: float | None
    human: bool = False
    who: str = ""
    failed: str = ""


class Takeover(_Part):
    """`human_share` of the recovery time; None: the service was not seen to be restored."""

    steps: list[Step]
    human_s: float
    human_share: float | None
    recovery_s: float | None


class Curve(_Part):
    """`points`: (second, share). `t95_s` None: longer than it was watched, or, unless `asked`, not asked for."""

    name: str
    points: list[tuple[float, float]]
    n: int
    t95_s: float | None
    asked: bool


class Drain(_Part):
    """Shares that still mean the lost site: of each class's clients, and of each resolver's answers; t95 counts from `since`."""

    lost: str
    clients: list[Curve]
    answers: list[Curve]
    since: Literal["t_auth", "t0"]


class Writers(_Part):
    """Acknowledgements per second by serving site, in bins of `bin_s`; `overlaps`: from when to when two sites took writes."""

    bin_s: int
    seconds: list[int]
    sites: dict[str, list[float]]
    failed: list[float]
    overlaps: list[tuple[float, float]]


class Heat(_Part):
    """Readings by the second in which they were intended, and quantiles in ms of each column (None: nothing was acknowledged).

    Rows of `counts` are bins of latency between `edges_ms`; the last row: never acknowledged.
    """

    bin_s: int
    begin: int
    edges_ms: list[float]
    counts: list[list[int]]
    p50: list[float | None]
    p99: list[float | None]
    worst_ms: float | None
    never: int


class Monitor(_Part):
    """One monitor at one place. `runs`: (from, to, good) of its looks; `alarms`: (raised, cleared or None)."""

    name: str
    lost: bool
    looks: int
    failed: int
    blind_s: float | None
    noticed_s: float | None
    alarms: list[tuple[float, float | None]]
    runs: list[tuple[float, float, bool]]


class Pairs(_Part):
    """Two windows of an alert's rule, the burn rate above which it fires, and (second, burn over long, over short)."""

    long_s: int
    short_s: int
    threshold: float
    severity: str
    points: list[tuple[float, float, float]]


class Burn(_Part):
    """`fired`: (from, to) as Prometheus showed it; `scale`: by how much windows were shortened."""

    alert: str
    budget: float
    scale: int
    counts: str
    pairs: list[Pairs]
    fired: list[tuple[float, float | None]]


class Load(_Part):
    """One line of the saturation: (second, value). `limit`: what there is of it, None where nobody said."""

    name: str
    points: list[tuple[float, float]]
    peak: float


class Saturation(_Part):
    """`cores` used by each site's services and by the generator, `queue` of the senders, `lag` of the mirror in seconds.

    `absent`: what of these nobody recorded (keys of the words).
    """

    machine_cores: int | None
    cores: list[Load]
    queue: list[Load]
    lag: list[Load]
    absent: list[str]


class Cleanliness(_Part):
    owed: int | None
    settled: int | None
    left: list[str]
    verdict: Verdict
    why: str


class Norm(_Part):
    """A requirement in our own words (key), and the checks of this run that say something of it."""

    norm: Literal["iso22301", "iso27001", "bsi200-4", "digav"]
    requirement: str
    verdict: Verdict | None
    checks: dict[str, Verdict]


class Audit(_Part):
    """What an auditor asks for. `plan_sha256`, `manifest_sha256` None: the file is not there."""

    plan_record: str
    plan_contradicted: bool
    plan_sha256: str | None
    manifest_sha256: str | None
    manifest_files: int | None
    objectives: list[tuple[str, JsonValue]]
    clock_error_ns: int | None
    checks_not_asked: list[str]
    faults_not_covered: list[str]
    fault: str
    environment: list[tuple[str, str]]
    alert_scale: int | None
    defect: str
    norms: list[Norm]


class Report(_Part):
    """The whole. `damage`: what of the evidence is not as it should be, each a sentence of the evidence."""

    schema_: Literal["zweitherz/report/1"] = Field("zweitherz/report/1", alias="schema")
    run: str
    drill: str
    title: str
    seed: int | None
    verdict: Verdict
    origin_ns: int | None
    t0_ns: int | None
    lost_site: str
    survivor: str
    loses_site: bool = Field(description="the fault takes a whole site: what it shows is shown of a data centre")
    patients: float | None
    intended: float | None
    acknowledged: float | None
    damage: list[str]
    checks: list[Check]
    promises: list[Promise]
    worst_patients_s: float | None
    availability: float | None
    trend: Trend | Missing
    distances: Distances | Missing
    expense: Expense | Missing
    lights: list[Light]
    timeline: Timeline | Missing
    takeover_steps: Takeover | Missing
    drain: Drain | Missing
    writers: Writers | Missing
    heat: Heat | Missing
    monitors: list[Monitor] | Missing
    burns: list[Burn] | Missing
    saturation: Saturation | Missing
    cleanliness: Cleanliness | Missing
    audit: Audit

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)

    def to_bytes(self) -> bytes:
        """``report.json`` byte for byte."""
        return self.model_dump_json(by_alias=True).encode() + b"\n"


def read_report(path: Path) -> Report:
    """Raises OSError, and ValueError (pydantic's) for what is no report."""
    return Report.model_validate_json(path.read_bytes())
