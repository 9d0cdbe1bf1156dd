"""``python -m lab.runbook watch`` acts by itself; ``python -m lab.runbook step NAME|all`` performs on order.

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

from lab.model import Options, ServiceFailed
from lab.runbook.steps import CYCLE_S, Runbook
from lab.services import postgres
from targets.lab_control import LabRefused, LabUnreachable

MODE = "runbook.mode"


async def watch(runbook: Runbook) -> None:
    """For ever: while the own database is a mirror, look at the other site, and take over when it is dead."""
    while True:
        if await _is_mirror(runbook) and _mode(runbook.options) == "observe":
            await runbook.detect()
            if await _is_mirror(runbook) and _mode(runbook.options) == "observe":
                # the journal shows the detection when it is over: it has been looking all the time
                runbook.journal.write("detect", "end")
                await perform(runbook, [name for name in runbook.steps() if name != "detect"])
        await asyncio.sleep(CYCLE_S)


async def perform(runbook: Runbook, names: list[str]) -> None:
    """These steps, one after the other, each in the journal."""
    steps = runbook.steps()
    for name in names:
        with runbook.journal.step(name):
            await steps[name]()


async def _is_mirror(runbook: Runbook) -> bool:
    try:
        connection = await postgres.connect(runbook.options, runbook.site, timeout_s=2)
    except (OSError, asyncpg.PostgresError):
        return False
    try:
        return bool(await connection.fetchval("SELECT pg_is_in_recovery()"))
    finally:
        await connection.close()


def _mode(options: Options) -> str:
    path = options.state / MODE
    return path.read_text().strip() if path.exists() else "observe"


def main(arguments: list[str]) -> int:
    given = json.loads(os.environ["ZWEITHERZ_RUNBOOK"])
    site, other = given.pop("site"), given.pop("other")
    runbook = Runbook(Options(**{**given, "state": Path(given["state"])}), site, other)
    if arguments == ["watch"]:
        asyncio.run(watch(runbook))
        return 0
    names = list(runbook.steps()) if arguments[1] == "all" else [arguments[1]]
    try:
        asyncio.run(perform(runbook, names))
    except (ServiceFailed, LabRefused, LabUnreachable, OSError, asyncpg.PostgresError) as error:
        print(f"{names[0]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
