"""What a dashboard is made of, as data: no panel without the question that it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Question(StrEnum):
    """What readers want to know while they look at a dashboard, and which reader it is."""

    SECOND_BY_SECOND = "SRE: what happened second by second?"
    STUCK = "SRE: which clients were stuck, and why?"
    SLOW_STEP = "SRE: which step of the takeover was slow?"
    COPED = "SRE: did the survivor cope?"
    ALERTS = "SRE: did my alerts fire, and the right ones?"
    SECOND_PRIMARY = "SRE: is there a second primary?"
    PATIENTS = "Manager: what happens to patients?"
    PROMISE = "Manager: is the promise kept?"
    LATENCY = "Manager: is latency fine?"
    COST = "CI owner: how costly is the gate?"
    TRUST = "Auditor: are the numbers trustworthy?"


@dataclass(frozen=True)
class Query:
    """PromQL, the legend of its series (with labels in braces), and whether it is a limit, drawn as a dashed line."""

    expr: str
    legend: str
    limit: bool = False


@dataclass(frozen=True)
class State:
    """What a value of a `states` panel is called, and in which colour it is drawn (`palette`)."""

    text: str
    colour: str


@dataclass(frozen=True)
class Panel:
    """
    question  that it answers; `reads` says how to read the answer off it
    unit      as Grafana names it (``s``, ``percentunit``, ``reqps``)
    kind      lines; stacked areas; number: the last value alone; states: a band for each series
    limit     value from which on it is drawn as bad
    states    of a `states` panel, by value
    width     of 24 columns
    """

    title: str
    question: Question
    reads: str
    unit: str
    queries: tuple[Query, ...]
    kind: Literal["lines", "stacked", "number", "states"] = "lines"
    limit: float | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    width: int = 12
    height: int = 8


@dataclass(frozen=True)
class Row:
    """Panels under one heading, from left to right."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """One dashboard. `uid` never changes: links and bookmarks have it."""

    uid: str
    title: str
    text: str
    rows: tuple[Row, ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)
