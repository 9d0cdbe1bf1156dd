"""What ``comparison.json`` holds. Other programs read it: names stay, and mean what they mean."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from results.finding import Verdict

FILE = "comparison.json"


class DamagedComparison(ValueError):
    """A ``comparison.json`` that cannot be read: names the file."""


class Change(StrEnum):
    """What can be said of a figure, the new run against its baseline."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    UNKNOWN = "cannot be compared"

    @property
    def verdict(self) -> Verdict:
        """What cannot be compared is never a pass."""
        return {Change.WORSE: Verdict.FAIL, Change.UNKNOWN: Verdict.INCONCLUSIVE}.get(self, Verdict.PASS)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]  # None: not known, or infinite (never acknowledged)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Side(_Part):
    """One figure of one run; `n`: readings, slices of time, or 1 for a single event."""

    value: Number = None
    n: int = 0


class Compared(_Part):
    """One figure of both runs.

    delta, low, high  new - baseline in `unit`, and its 95 % interval (None: a single event has none)
    ratio             new / baseline with its interval [low, high]; None where the baseline is 0 or there is no interval
    margin            how much worse is tolerated, in `unit`
    """

    metric: str
    unit: str
    lower_is_better: bool
    change: Change
    why: str = ""
    baseline: Side
    now: Side
    delta: Number = None
    low: Number = None
    high: Number = None
    ratio: Number = None
    ratio_low: Number = None
    ratio_high: Number = None
    margin: Number = None


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "not shown"


class Claim(_Part):
    """A sentence somebody wants to say of both runs, and whether they show it."""

    question: str
    answer: Answer
    why: str


class Cost(_Part):
    """What 1,000 acknowledged uploads cost in a phase, with its interval. `parts` by resource; `without`: what is not in it."""

    phase: str
    per_uploads: int
    value: Number
    low: Number
    high: Number
    parts: dict[str, Number]
    without: list[str]


class CostComparison(_Part):
    """The same for both runs. `prices`: the file's own name for itself, and the day its figures are of."""

    currency: str
    prices: str
    baseline: list[Cost]
    now: list[Cost]
    compared: list[Compared]


class Comparison(_Part):
    """
    verdict       pass: nothing is worse and everything that was asked could be compared; else fail, or inconclusive
    unequal       what both runs were asked differently: then nothing is compared
    environments  in what the machines or versions differ; `across`: compared all the same, on order
    left_out      figures that neither run recorded, by name
    """

    schema_: Literal["zweitherz/comparison/1"] = Field("zweitherz/comparison/1", alias="schema")
    baseline: str
    run: str
    drill: str
    baseline_verdict: Verdict
    verdict: Verdict
    why: str
    across: bool = False
    unequal: list[str] = []
    environments: list[str] = []
    metrics: list[Compared] = []
    left_out: list[str] = []
    claims: list[Claim] = []
    cost: CostComparison | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @property
    def refused(self) -> bool:
        """Nothing at all was compared, for one reason: `why`."""
        unsaid = all(each.change is Change.UNKNOWN and each.why == self.why for each in self.metrics)
        return unsaid and self.verdict is Verdict.INCONCLUSIVE

    def to_bytes(self) -> bytes:
        """``comparison.json`` byte for byte."""
        return self.model_dump_json(by_alias=True, indent=1).encode() + b"\n"


def read_comparison(run: Path) -> Comparison | None:
    """What a run says of its baseline; None where it has none. Raises DamagedComparison."""
    path = run / FILE
    if not path.exists():
        return None
    try:
        return Comparison.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DamagedComparison(f"{FILE}: not a comparison ({error.errors()[0]['msg']})") from error
