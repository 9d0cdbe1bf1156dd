"""``python -m lab.runbook watch`` acts by itself, for both clusters; ``python -m lab.runbook step NAME|all`` and ``… hand-over``
perform on order, for the main one.

Configuration: ``ZWEITHERZ_RUNBOOK``, a JSON object with the lab's options, ``site`` and ``other``. The file ``runbook.mode``
(observe: act alone; perform: wait for orders) is read before each takeover, so that a drill can change it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import asyncpg

from lab import tools
from lab.clusters import CLUSTERS, MAIN
from lab.model import Options, ServiceFailed
from lab.runbook import approval
from lab.runbook.hand_over import HandOver
from lab.runbook.steps import CYCLE_S, Runbook
from targets.lab_control import LabRefused, LabUnreachable

MODE = "runbook.mode"


async def watch(runbook: Runbook) -> None:
    """For ever: while the own database is a mirror, look at the other site, and take over when it is dead."""
    while True:
        if await _is_mirror(runbook) and _acts(runbook):
            await runbook.detect()
            if await _is_mirror(runbook) and _acts(runbook):
                # the journal shows the detection when it is over: it has been looking all the time
                runbook.journal.write("detect", "end")
                await perform(runbook, [name for name in runbook.steps() if name != "detect"])
        await asyncio.sleep(CYCLE_S)


async def watch_mirror(runbook: Runbook) -> None:
    """For ever: while the own database is primary and waits for its mirror, look whether that is reached; if not, go on alone."""
    while True:
        if await _waits_for_mirror(runbook):
            site_answers = await runbook.await_lost_mirror()
            if await _waits_for_mirror(runbook):
                with runbook.journal.step("release"):
                    await runbook.release(site_answers=site_answers)
        await asyncio.sleep(CYCLE_S)


async def perform(runbook: Runbook, names: list[str]) -> None:
    """These steps, one after the other, each in the journal, and each when whoever has to approve it has done so."""
    steps = runbook.steps()
    for name in names:
        if runbook.cluster is MAIN and runbook.options.defect != "nobody-asked":
            await approval.wait_for(runbook.options.state, name, runbook.journal)
        with runbook.journal.step(name):
            await steps[name]()


async def _is_mirror(runbook: Runbook) -> bool:
    return await _asked(runbook, "SELECT pg_is_in_recovery()")


async def _waits_for_mirror(runbook: Runbook) -> bool:
    return await _asked(
        runbook, "SELECT NOT pg_is_in_recovery() AND current_setting('synchronous_standby_names') <> ''"
    )


async def _asked(runbook: Runbook, question: str) -> bool:
    """The own database's answer; False when there is none."""
    try:
        connection = await runbook.database.connect(runbook.site, timeout_s=2)
    except (OSError, asyncpg.PostgresError):
        return False
    try:
        return bool(await connection.fetchval(question))
    finally:
        await connection.close()


def _acts(runbook: Runbook) -> bool:
    """Whether it may act by itself: the tools cluster always, the main one as the mode says."""
    if runbook.cluster is not MAIN:
        return True
    path = runbook.options.state / MODE
    return (path.read_text().strip() if path.exists() else "observe") == "observe"


async def watch_all(runbooks: list[Runbook]) -> None:
    """Every cluster, each by itself; the first failure ends all, and the supervisor starts them again."""
    await asyncio.gather(*(watch(each) for each in runbooks), *(watch_mirror(each) for each in runbooks))


def main(arguments: list[str]) -> int:
    given = json.loads(os.environ["ZWEITHERZ_RUNBOOK"])
    site, other = given.pop("site"), given.pop("other")
    options = Options(**{**given, "state": Path(given["state"])})
    clusters = [each for each in CLUSTERS.values() if each is MAIN or site in tools.sites(options)]
    if arguments == ["watch"]:
        asyncio.run(watch_all([Runbook(options, site, other, each) for each in clusters]))
        return 0
    runbook = Runbook(options, site, other, MAIN)
    if arguments == ["hand-over"]:
        order, work = arguments[0], HandOver(runbook).perform()
    else:
        order = arguments[1]
        work = perform(runbook, list(runbook.steps()) if order == "all" else [order])
    try:
        asyncio.run(work)
    except (ServiceFailed, LabRefused, LabUnreachable, OSError, asyncpg.PostgresError) as error:
        print(f"{order}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
