"""What is done on order while the product is handed over from one site to the other as planned."""

from __future__ import annotations

from typing import Any

from lab.clusters import MAIN
from lab.model import SITES, ServiceFailed, Supervisor
from lab.runbook import journal
from lab.services import runbook
from lab.services.postgres import Postgres

_WITHIN_S = 60
_SHUT_DOWN_WITHIN_S = 10


async def hand_over(supervisor: Supervisor, site: str) -> dict[str, Any]:
    """All steps of the hand-over to `site`, performed there; answers the journal's lines of it. Any: JSON values."""
    options = supervisor.options
    before = len(journal.read(options.state))
    await supervisor.run(site, runbook.hand_over_command(), env=runbook.environment(options, site), within_s=_WITHIN_S)
    return {"steps": journal.read(options.state)[before:]}


async def demote(supervisor: Supervisor, site: str) -> None:
    """End a site's main database cleanly: before it is gone its mirror has all that it ever acknowledged."""
    await supervisor.stop(Postgres(supervisor.options, MAIN).name(site), within_s=_SHUT_DOWN_WITHIN_S)


async def follow(supervisor: Supervisor, site: str) -> None:
    """Start a site's main database again, as the mirror of the other site's."""
    database = Postgres(supervisor.options, MAIN)
    (other,) = (each for each in SITES if each != site)
    if (await database.status(other))["role"] != "primary":
        raise ServiceFailed(f"follow {site}: the database of {other} is no primary")
    await supervisor.stop(database.name(site))  # where it was not ended before
    await database.rejoin(supervisor, site, other)
