"""``zweitherz prove``: known-bad systems and healthy ones, on the real lab."""

from __future__ import annotations

import contextlib
import datetime
import difflib
import fnmatch
import importlib.metadata
import json
import shutil
import tempfile
from collections.abc import Generator, Iterable
from dataclasses import asdict
from pathlib import Path

import typer

from drill.proof.killed import killed
from drill.proof.matrix import Row, markdown, row, summary
from drill.proof.runner import Drills, NoVerdict
from drill.proof.systems import System, healthy_systems, quick_systems, small_systems

SMALL_AT_A_TIME = 3  # with its lab, its start and its report a small drill uses a quarter of two cores


class UnknownSystem(ValueError):
    """Names the nearest valid spelling."""


def systems(drills: Iterable[str], names: list[str], *, quick: bool, seeds: Iterable[int]) -> dict[str, System]:
    """Those of these names, or patterns of names as of files (none: all); quick: the small ones. Raises UnknownSystem."""
    known = quick_systems() if quick else small_systems() | healthy_systems(drills, seeds)
    chosen: dict[str, System] = {}
    for name in names or ["*"]:
        found = fnmatch.filter(known, name)
        if not found:
            near = difflib.get_close_matches(name, known, 1)
            raise UnknownSystem(
                f"system {name!r}: unknown; " + (f"did you mean {near[0]}?" if near else "see docs/proof.md")
            )
        chosen |= {each: known[each] for each in found}
    return chosen


def prove(
    chosen: dict[str, System], *, as_json: bool, page: Path | None, kills: int = 0, left_out: Iterable[str] = ()
) -> int:
    """Run them and print what came of each; 0: everything as expected, else 1. Evidence of the others is kept.

    `kills`: so many drills more, each killed at a moment of its own. `left_out`: systems that the page says are not in it.
    The page is written also of a proof that is interrupted, with what it had come to.
    """
    results = Path(tempfile.mkdtemp(prefix="zweitherz-proof-"))
    rows: list[Row] = []
    try:
        with contextlib.closing(_rows(chosen, kills, results)) as coming:
            for each in coming:
                rows.append(each)
                if not as_json:
                    typer.echo(_line(each, len(rows), len(chosen) + kills))
    finally:  # who interrupts it after an hour keeps what that hour has shown
        if page is not None:
            there = {each.name for each in rows}
            missing = [*left_out, *(name for name in chosen if name not in there)]
            now = datetime.datetime.now(datetime.UTC)
            page.write_text(markdown(rows, importlib.metadata.version("zweitherz"), now, missing))
    if as_json:
        typer.echo(json.dumps([asdict(each) | {"as_expected": each.as_expected} for each in rows]))
    else:
        typer.echo(summary(rows))
    if all(each.as_expected for each in rows):
        shutil.rmtree(results)
        return 0
    typer.echo(f"evidence: {results}", err=True)
    return 1


def _rows(chosen: dict[str, System], kills: int, results: Path) -> Generator[Row, None, None]:
    small = small_systems()
    # drills in their quick form have the machine to themselves: they judge how quick things are as well
    for together, at_a_time in (
        ({name: each for name, each in chosen.items() if name in small}, SMALL_AT_A_TIME),
        ({name: each for name, each in chosen.items() if name not in small}, 1),
    ):
        drills = Drills(together, results, at_a_time)
        try:
            for name, system in together.items():
                yield _row(drills, name, system)
        finally:
            drills.close()
    for seed in range(1, kills + 1):
        yield killed(seed, results / f"killed-{seed}")


def _row(drills: Drills, name: str, system: System) -> Row:
    try:
        return row(name, system, drills.verdict(name))
    except NoVerdict as error:
        defect = str(system.changes.get("lab.defect", "none"))
        return Row(name, system.drill, defect, 0, (), (), (), false=(" ".join(str(error).split()),))


def _line(each: Row, number: int, of: int) -> str:
    words = [f"caught by {', '.join(each.caught)}"] if each.caught else []
    words += [f"MISSED {', '.join(each.missed)}"] if each.missed else []
    words += [f"FALSE ALARM {'; '.join(each.false)}"] if each.false else []
    words = words or ["green"]
    words += [f"the second time; at first: {each.again}"] if each.again else []
    return f"{number:>3}/{of} {'✔' if each.as_expected else '✘'} {each.name:<32}{'; '.join(words)} ({each.seconds} s)"
