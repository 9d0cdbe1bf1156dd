"""Reads objectives: a strict subset of OpenSLO v1 (github.com/OpenSLO/OpenSLO), one SLO a file.

Taken: kind SLO, an inline indicator with a ratio of two Prometheus counters (good of total), one rolling window, budgeting by
occurrences, one objective. Everything else is refused by name: an objective that is silently read otherwise than it is written
is worse than none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_DAYS = re.compile(r"(\d+)([dw])")


class BadObjective(ValueError):
    """One line: which file, which key, what was found."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _Metadata(_Part):
    name: str = Field(pattern=_NAME)
    displayName: str = ""


class _Source(_Part):
    type: Literal["Prometheus"]
    spec: _Query


class _Query(_Part):
    query: str = Field(min_length=1, description="selector of a counter")


class _Counter(_Part):
    metricSource: _Source


class _Ratio(_Part):
    counter: Literal[True]
    good: _Counter
    total: _Counter


class _IndicatorSpec(_Part):
    ratioMetric: _Ratio


class _Indicator(_Part):
    metadata: _Metadata
    spec: _IndicatorSpec


class _Window(_Part):
    duration: str = Field(pattern=r"^[1-9]\d*[dw]$")
    isRolling: Literal[True]


class _Target(_Part):
    target: float = Field(gt=0, lt=1)
    displayName: str = ""


class _Spec(_Part):
    description: str = ""
    service: str = Field(pattern=_NAME)
    indicator: _Indicator
    timeWindow: list[_Window] = Field(min_length=1, max_length=1)
    budgetingMethod: Literal["Occurrences"]
    objectives: list[_Target] = Field(min_length=1, max_length=1)


class _Document(_Part):
    apiVersion: Literal["openslo/v1"]
    kind: Literal["SLO"]
    metadata: _Metadata
    spec: _Spec


@dataclass(frozen=True)
class Slo:
    """One objective. `good`, `total`: selectors of counters; `target`: between 0 and 1; `period_s`: of the rolling window."""

    name: str
    service: str
    description: str
    good: str
    total: str
    target: float
    period_s: int

    @property
    def budget(self) -> float:
        """Share of bad events that is allowed (definitions 6.7: B = 1 - SLO)."""
        return 1 - self.target

    @property
    def id(self) -> str:
        return f"{self.service}-{self.name}"


def read_slo(path: Path) -> Slo:
    """The objective in `path`. Raises BadObjective."""
    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadObjective(f"{path}: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise BadObjective(f"{path}: not YAML ({' '.join(str(error).split())})") from error
    if not isinstance(data, dict):
        raise BadObjective(f"{path}: expected a mapping, found {type(data).__name__}")
    try:
        document = _Document.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadObjective(f"{path}: {key}: {first['msg']} (found {first['input']!r:.80})") from error
    spec, ratio = document.spec, document.spec.indicator.spec.ratioMetric
    number, unit = _DAYS.fullmatch(spec.timeWindow[0].duration).groups()  # type: ignore[union-attr] # the model checked it
    return Slo(
        name=document.metadata.name,
        service=spec.service,
        description=" ".join(spec.description.split()),
        good=ratio.good.metricSource.spec.query,
        total=ratio.total.metricSource.spec.query,
        target=spec.objectives[0].target,
        period_s=int(number) * (7 if unit == "w" else 1) * 86_400,
    )
