"""The volume of a site's database is full: nothing more can be written to it.

::

    inject    the driver fills it to the last block
    receipt   a few blocks cannot be written to it
    undo      the driver takes away what it was filled with
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_WITHIN_S = 10.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.fill_volume(fault.site, full=True)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    since = context.clock.now_ns()
    if context.driver.volume_writable(fault.site):
        raise NoReceipt(f"the volume of {fault.site} can still be written")
    return since


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.fill_volume(parameters["site"], full=False)


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    site = parameters["site"]
    context.await_seen(lambda: context.driver.volume_writable(site), _WITHIN_S, f"volume of {site}")


VOLUME_FULL = Kind(
    name="volume-full",
    about="the volume of a site's database is full",
    proof="a few blocks could not be written to the volume: no space left",
    needs=("fill_volume", "volume_writable"),
    inverse="free-volume",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
