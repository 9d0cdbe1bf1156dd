"""Costs and plans that are made up: round numbers, so that what must come out can be computed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drill.scale.costs import Costs
from drill.scale.simulation import Network
from results.plan import Plan

PARTS = (
    "prepare",
    "record",
    "begin",
    "dial",
    "hello",
    "finish",
    "answer",
    "take",
    "write",
    "frame",
    "second",
    "poll",
    "drop",
)
AT_ONCE = Network({"near": 0.0, "middle": 0.0, "far": 0.0}, 0.0)
FRESH = [{"name": "fresh", "share": 1, "resolver": "honest"}]


def costs(each_s: float = 0.0, **changed: Any) -> Costs:
    """Every part takes `each_s`; nothing else takes anything."""
    made = Costs(
        cpu=dict.fromkeys(PARTS, each_s),
        wall=dict.fromkeys(PARTS, each_s),
        busy=0,
        chill=0,
        rests=0,
        second_each_s=0,
        overdue_s=0,
        interrupted=0,
        interruptions_s=(0.0,),
        late_s=(0.0,),
        second_waits_s=(0.0,),
        shake_s=0,
    )
    return replace(made, **changed)


def only(part: str, seconds: float) -> Costs:
    """One part takes so long."""
    return costs(cpu=dict.fromkeys(PARTS, 0.0) | {part: seconds}, wall=dict.fromkeys(PARTS, 0.0) | {part: seconds})


def plan(patients: int, rate: float, lasts_s: float, seed: int = 1, **load: Any) -> Plan:
    return Plan.model_validate(
        {
            "drill": "t",
            "seed": seed,
            "population": {"patients": patients},
            "load": {"rate": rate, "classes": FRESH, **load},
            "guards": {"time_limit_s": lasts_s},
        }
    )
