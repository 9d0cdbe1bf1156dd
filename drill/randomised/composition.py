"""A drill out of a seed: one of the catalogue in its quick form, and some changes to its plan, each of which may be left out.

The same seed gives the same drill. Only what a healthy system must survive is composed, so that whatever fails has found
something; `with_defect` adds a known-bad system, which must not pass.
"""

from __future__ import annotations

import json
import random
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lab.defects import DEFECTS

Changes = Mapping[str, Any]  # key of the plan -> value, as --set takes them
_NONE = "none"
# with a lost site the other one is what conditions may weaken; drills that hold something else to a limit stay as they are
LOSE_A_SITE = ("site-loss", "site-cut", "second-fault", "database-killed", "balancer-gone")
_SLOWER = {"objectives.latency_ms": "{p50: 600, p99: 2500}", "objectives.lag_p99_ms": 60}
_SECOND: dict[str, tuple[dict[str, Any], Changes]] = {
    "updates-refused": ({"name": "dns-updates-refused"}, {}),
    "stale-name-server": ({"name": "name-server-stale"}, {}),
    "server-killed-later": ({"name": "process-killed", "site": "gra", "service": "server", "after_s": 10}, {}),
    "short-survivor": ({"name": "processor-short", "site": "gra"}, _SLOWER),
}


@dataclass(frozen=True)
class Part:
    """One change, by a name that says what it is."""

    name: str
    changes: Changes


@dataclass(frozen=True)
class Composition:
    """What a seed came to."""

    seed: int
    drill: str
    parts: tuple[Part, ...] = ()

    @property
    def changes(self) -> dict[str, Any]:
        """Of all parts together; conditions add up."""
        merged: dict[str, Any] = {"seed": self.seed}
        conditions: list[Any] = []
        for part in self.parts:
            more = dict(part.changes)
            conditions += more.pop("conditions", [])
            merged |= more
        return merged | ({"conditions": json.dumps(conditions)} if conditions else {})

    def only(self, parts: Sequence[Part]) -> Composition:
        """With these of its parts, in their order."""
        return replace(self, parts=tuple(part for part in self.parts if part in parts))

    def command(self) -> str:
        """What runs it again."""
        sets = " ".join(f"--set {shlex.quote(f'{key}={value}')}" for key, value in self.changes.items())
        return f"zweitherz drill {self.drill} --quick {sets}"


def compose(seed: int, drills: Sequence[str], *, with_defect: bool = False) -> Composition:
    """By that seed, out of these drills."""
    chance = random.Random(f"zweitherz/{seed}")  # noqa: S311 - reproducible, not secret
    drill = chance.choice(sorted(drills))
    makers = [*_ANYWHERE, *(_WHERE_A_SITE_IS_LOST if drill in LOSE_A_SITE else ())]
    drawn = [maker(chance) for maker in makers]  # all of them, so that leaving one out changes no other
    parts = [part for part in drawn if chance.random() < _SHARE]
    if drill in LOSE_A_SITE and chance.random() < _SHARE:
        name = chance.choice(sorted(_SECOND))
        condition, more = _SECOND[name]
        parts.append(Part(name, {**more, "conditions": [condition]}))
    if with_defect:
        name = chance.choice(sorted(set(DEFECTS) - {_NONE}))
        parts.append(Part(f"defect-{name}", {"lab.defect": name}))
    return Composition(seed, drill, tuple(parts))


_SHARE = 0.6


def _rate(chance: random.Random) -> Part:
    # never fewer than in the quick form: what was at risk would be too little for a verdict
    return Part("other-rate", {"load.rate": chance.randrange(220, 301, 20)})


def _patients(chance: random.Random) -> Part:
    return Part("other-patients", {"population.patients": chance.randrange(4000, 8001, 500)})


def _resumed(chance: random.Random) -> Part:
    return Part("tls-resumed", {"load.tls_resumed": round(chance.uniform(0, 0.9), 2)})


def _jitter(chance: random.Random) -> Part:
    return Part("jitter", {"load.jitter": round(chance.uniform(0, 0.5), 2)})


def _steady(chance: random.Random) -> Part:
    return Part("steady-for", {"phases.steady_s": chance.randrange(12, 25)})


def _link(chance: random.Random) -> Part:
    return Part("link-delay", {"lab.link_ms": chance.choice([1, 2, 4, 6])})


def _distances(chance: random.Random) -> Part:
    near, middle, far = chance.randrange(2, 9), chance.randrange(10, 26), chance.randrange(30, 51)
    return Part("distances", {"lab.distances_ms": f"{{near: {near}, middle: {middle}, far: {far}}}"})


def _ttl(chance: random.Random) -> Part:
    return Part("ttl", {"lab.ttl_s": chance.choice([3, 4, 5])})


def _order(chance: random.Random) -> Part:
    parts = ["private-link", "public-link", "processes"]
    chance.shuffle(parts)
    return Part("order", {"fault.order": json.dumps(parts), "fault.pause_s": round(chance.uniform(0, 0.8), 1)})


def _servers(chance: random.Random) -> Part:
    return Part("servers", {"lab.servers_per_site": chance.choice([2, 3])})


_Maker = Callable[[random.Random], Part]
_ANYWHERE: tuple[_Maker, ...] = (_resumed, _jitter, _steady, _distances, _link)
_WHERE_A_SITE_IS_LOST: tuple[_Maker, ...] = (_rate, _patients, _ttl, _order, _servers)
