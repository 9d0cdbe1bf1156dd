"""Measured beside simulated: what the simulation was not fitted to, it must predict.

Costs come from the lowest and the second highest rate of each round (for outages, of the median round); memory and the checker
go through four sizes each. Everything else is held out: nothing of it is used. A figure that was measured in several rounds is
their median, with their range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from drill.scale.costs import Checking, Costs, Fleet, Measured, Outage, Point, calibrate
from drill.scale.generator import PERIOD_S, plan_of
from drill.scale.outcome import Outcome
from drill.scale.simulation import Network, Worker
from drill.scale.simulation import Outage as Dark

WITHIN = 0.1
_DNS_S, _TRIP_S = 0.0003, 0.0001  # the loopback's


@dataclass(frozen=True)
class Row:
    """One figure. `fitted`: costs were taken from it, so that its agreement says nothing."""

    what: str
    unit: str
    measured: float
    simulated: float
    fitted: bool
    least: float | None = None
    most: float | None = None

    @property
    def off(self) -> float:
        """Relative error; of two zeros none."""
        if not self.measured:
            return 0.0 if not self.simulated else float("inf")
        return self.simulated / self.measured - 1

    @property
    def agrees(self) -> bool:
        return abs(self.off) <= WITHIN


def compare(measured: Measured) -> list[Row]:
    """All figures, those of steady load first."""
    rows = []
    costs = [costs_of(points, measured) for points in measured.rounds]
    for place in sorted(range(len(measured.rounds[0])), key=lambda at: measured.rounds[0][at].rate):
        pairs = [
            (points[place], simulate(points[place], cost, measured.delay_ms))
            for points, cost in zip(measured.rounds, costs, strict=True)
        ]
        rows += _steady_rows(pairs, own_fds(measured), fitted=place in fitted_rates(measured.rounds[0]))
    rows += _outage_rows([(outage, _dark_again(measured, outage)) for outage in measured.outages])
    rows += _fleet_rows(measured)
    rows += _checking_rows(measured)
    return rows


def table(rows: Sequence[Row]) -> str:
    """As it stands in docs/scale.md."""
    lines = ["| what | measured | simulated | off |", "|---|---|---|---|"]
    for row in rows:
        verdict = "fitted" if row.fitted else f"{row.off:+.0%}" + ("" if row.agrees else " **misses**")
        span = f" ({row.least:.3g} to {row.most:.3g})" if row.least is not None else ""
        unit = f" {row.unit}" if row.unit else ""
        lines.append(f"| {row.what} | {row.measured:.3g}{unit}{span} | {row.simulated:.3g}{unit} | {verdict} |")
    return "\n".join(lines)


def simulate(point: Point, costs: Costs, delay_ms: float, dark: Dark | None = None) -> Outcome:
    """The same load as that point had: its schedule, to the reading."""
    plan = plan_of(point.rate, int(PERIOD_S * point.rate), round(settle_of(point) + point.lasted_s))
    trips = dict.fromkeys(plan.load.distances, _TRIP_S)
    network = Network(trips, delay_ms / 1000, _DNS_S)
    return Worker(plan, costs, network, outage=dark, fleet=1).run()


def settle_of(point: Point) -> int:
    """Seconds before the window of a point."""
    return max(0, round(len(point.per_second) - point.lasted_s))


def line(points: Sequence[tuple[float, float]]) -> Callable[[float], float]:
    """Straight from each point to the next; before the first and after the last, on as between the nearest two."""
    ordered = sorted(points)

    def at(x: float) -> float:
        place = min(max(1, sum(each <= x for each, _ in ordered)), len(ordered) - 1)
        (x0, y0), (x1, y1) = ordered[place - 1 : place + 1]
        return y0 + (y1 - y0) * (x - x0) / (x1 - x0)

    return at


def fitted_rates(points: Sequence[Point]) -> tuple[int, int]:
    """Places of the two points of a round that costs are taken from: the lowest rate, and the highest but one."""
    ordered = sorted(range(len(points)), key=lambda place: points[place].rate)
    return ordered[0], ordered[-2]


def power(points: Sequence[tuple[float, float]]) -> Callable[[float], float]:
    """The same as `line` on logarithmic axes: a power law from each point to the next."""
    straight = line([(math.log(x), math.log(y)) for x, y in points])
    return lambda x: math.exp(straight(math.log(x)))


def costs_of(points: Sequence[Point], measured: Measured) -> Costs:
    """Costs by one round. What its parts do not show of the median lag is fitted at both rates, and lies on a line between."""
    low, high = (points[place] for place in fitted_rates(points))
    costs = calibrate(low, high, measured.overdue_us)
    at_low, at_high = (_unseen_s(point, costs, measured.delay_ms) for point in (low, high))
    rest = high.utilisation - low.utilisation
    return replace(costs, unseen_s=at_high, unseen_rest_s=(at_low - at_high) / rest if rest > 0 else 0.0)


def _unseen_s(point: Point, costs: Costs, delay_ms: float) -> float:
    said = simulate(point, costs, delay_ms).lag_ms(0.5, *_window(point))
    return (point.lag_p50_ms - said) / 1000


def overall(measured: Measured) -> Costs:
    """Costs of the round that is the median one by what an upload cost."""
    _, high = fitted_rates(measured.rounds[0])
    ordered = sorted(measured.rounds, key=lambda points: points[high].cpu_ms)
    return costs_of(ordered[len(ordered) // 2], measured)


def own_fds(measured: Measured) -> float:
    """File descriptors of a worker that are no connections: history, tables, timeline, pipes, epoll, resolvers."""
    return median(points[0].fds - points[0].connections for points in measured.rounds)


def _dark_again(measured: Measured, outage: Outage) -> Outcome:
    return simulate(outage.point, overall(measured), measured.delay_ms, Dark(outage.at_s, outage.lasts_s))


def _of_rounds(what: str, unit: str, seen: Sequence[float], said: Sequence[float], fitted: bool) -> Row:
    return Row(what, unit, median(seen), median(said), fitted, min(seen), max(seen))


def _steady_rows(pairs: Sequence[tuple[Point, Outcome]], own: float, *, fitted: bool) -> list[Row]:
    rate = pairs[0][0].rate
    begin, end = _window(pairs[0][0])

    def row(what: str, unit: str, seen: Callable[[Point], float], said: Callable[[Outcome], float]) -> Row:
        return _of_rounds(f"{rate:g}/s: {what}", unit, [seen(p) for p, _ in pairs], [said(o) for _, o in pairs], fitted)

    return [
        row("processor time per attempt", "ms", lambda p: p.cpu_ms, lambda o: o.cpu_ms(begin, end)),
        row("lag p50", "ms", lambda p: p.lag_p50_ms, lambda o: o.lag_ms(0.5, begin, end)),
        row("lag p99", "ms", lambda p: p.lag_p99_ms, lambda o: o.lag_ms(0.99, begin, end)),
        row("attempts in flight", "", lambda p: p.in_flight, lambda o: float(o.in_flight[begin:end].mean())),
        row("connections", "", lambda p: p.connections, lambda o: float(o.connections[begin:end].mean())),
        row("file descriptors", "", lambda p: p.fds, lambda o: float(o.connections[begin:end].mean()) + own),
    ]


def _outage_rows(pairs: Sequence[tuple[Outage, Outcome]]) -> list[Row]:
    if not pairs:
        return []
    first = pairs[0][0]
    begin, end = _window(first.point)
    dark, back = int(first.at_s), int(first.at_s + first.lasts_s)
    name = f"{first.point.rate:g}/s, dark for {first.lasts_s:g} s"

    def row(what: str, unit: str, seen: Callable[[Point], float], said: Callable[[Outcome], float]) -> Row:
        return _of_rounds(
            f"{name}: {what}", unit, [seen(each.point) for each, _ in pairs], [said(o) for _, o in pairs], fitted=False
        )

    return [
        row(
            "attempts meanwhile",
            "",
            lambda p: sum(p.per_second[dark:back]),
            lambda o: float(o.per_second[dark:back].sum()),
        ),
        row("most attempts in 5 s", "", lambda p: _most(p.per_second), lambda o: _most(o.per_second.tolist())),
        row("attempts in flight, mean", "", lambda p: p.in_flight, lambda o: float(o.in_flight[begin:end].mean())),
        row("most connections", "", lambda p: p.connections_most, lambda o: o.connections_most),
        row("processor time per attempt", "ms", lambda p: p.cpu_ms, lambda o: o.cpu_ms(begin, end)),
        row("lag p50", "ms", lambda p: p.lag_p50_ms, lambda o: o.lag_ms(0.5, begin, end)),
        row("lag p99", "ms", lambda p: p.lag_p99_ms, lambda o: o.lag_ms(0.99, begin, end)),
    ]


def _window(point: Point) -> tuple[int, int]:
    begin = settle_of(point)
    return begin, begin + int(point.lasted_s)


def _most(per_second: Sequence[int]) -> float:
    return float(max(sum(per_second[at : at + 5]) for at in range(max(1, len(per_second) - 5))))


def fleet_line(measured: Measured, name: str) -> Callable[[float], float]:
    """A figure of a worker by the patients of its fleet: straight through the least, the greatest and two between."""
    return line([(each.patients, getattr(each, name)) for each in _known_fleets(measured)])


def checking_curve(measured: Measured, name: str) -> Callable[[float], float]:
    """A figure of the checker by rows: through the three least and the greatest."""
    return power([(each.rows, getattr(each, name)) for each in _known_runs(measured)])


# both as they are measured, in order of size


def _known_fleets(measured: Measured) -> list[Fleet]:
    last = len(measured.fleets) - 1
    return [measured.fleets[place] for place in sorted({0, last // 2, (last + 1) // 2, last})]


def _known_runs(measured: Measured) -> list[Checking]:
    last = len(measured.checking) - 1
    return [measured.checking[place] for place in sorted({0, min(1, last), min(2, last), last})]


def _fleet_rows(measured: Measured) -> list[Row]:
    named = {"peak_mb": ("worker's memory, peak", "MB"), "rss_mb": ("worker's memory, at work", "MB")}
    named["built_s"] = ("schedule ready after", "s")
    known = _known_fleets(measured)
    lines = {name: fleet_line(measured, name) for name in named}
    return [
        Row(f"{each.patients:,} patients: {what}", unit, getattr(each, name), lines[name](each.patients), each in known)
        for each in measured.fleets
        for name, (what, unit) in named.items()
    ]


def _checking_rows(measured: Measured) -> list[Row]:
    named = {"seconds": ("judged", "s"), "memory_mb": ("judged: memory", "MB")}
    known = _known_runs(measured)
    curves = {name: checking_curve(measured, name) for name in named}
    return [
        Row(f"{each.rows:,} rows {what}", unit, getattr(each, name), curves[name](each.rows), each in known)
        for each in measured.checking
        for name, (what, unit) in named.items()
    ]
