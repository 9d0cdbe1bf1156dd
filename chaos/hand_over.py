"""The way home: the lost site returns as a mirror, and is handed the service back as planned, under load.

What a hand-over owes is on disk before it begins: whatever becomes of it, each site runs again, one as the other's mirror.
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver

INVERSE = "end-hand-over"
_WITHIN_S = 30.0


def owed(site: str, survivor: str) -> dict[str, str]:
    """Parameters of the inverse: the service went from `survivor` to `site`."""
    return {"site": site, "survivor": survivor}


def undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    """Both sites run, the one that is not active as a mirror; nobody sends patients on any more. Harmless when all is well."""
    for each in ("site", "survivor"):
        driver.restore_site(parameters[each])


def settled(context: Context, parameters: Mapping[str, str]) -> None:
    """Return when one of the two is the other's mirror. Raises RuntimeError when that does not come."""
    sites = parameters["site"], parameters["survivor"]
    context.await_seen(lambda: any(map(context.driver.mirrored, sites)), _WITHIN_S, "a mirror")
