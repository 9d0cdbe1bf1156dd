"""A site's servers are not deployed as the other site's: expired certificate, old release, a clock that is 90 s ahead.

::

    inject    the driver deploys them so, one after the other
    receipt   what each of them shows at its own port; t0 is when the first one was taken
    undo      the driver deploys them as they should be
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_AHEAD_S = 90
_LEAST_AHEAD_S = 0.8 * _AHEAD_S
_WITHIN_S = 20.0

Shown = list[dict[str, Any]]  # one of each server: certificate_ends_s, clock_s, release
Seen = Callable[[Context, Shown, str], bool]

_NEEDS = ("deploy", "deployed")


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.deploy(parameters["site"], "as-it-should-be")


def _expired(context: Context, shown: Shown, _: str) -> bool:
    return all(each["certificate_ends_s"] < context.clock.now_ns() / 1e9 for each in shown)


def _old(context: Context, shown: Shown, site: str) -> bool:
    """Another release than at the other sites."""
    others = [each.name for each in context.target.sites if each.name != site]
    elsewhere = {each["release"] for other in others for each in context.driver.deployed(other)}
    return not elsewhere & {each["release"] for each in shown}


def _ahead(_: Context, shown: Shown, __: str) -> bool:
    return all(each["clock_s"] >= _LEAST_AHEAD_S for each in shown)


def _kind(name: str, about: str, proof: str, inverse: str, deployment: str, seen: Seen) -> Kind:
    def inject(context: Context, fault: Fault | Condition) -> None:
        begun = context.driver.deploy(fault.site, deployment)
        context.begun[f"{name}@{fault.site}"] = context.clock.from_monotonic(begun)

    def receipt(context: Context, fault: Fault | Condition) -> int:
        since = context.begun.get(f"{name}@{fault.site}", context.clock.now_ns())
        shown = context.driver.deployed(fault.site)
        if not shown or not seen(context, shown, fault.site):
            raise NoReceipt(f"the servers of {fault.site} show {shown}")
        return since

    def lifted(context: Context, parameters: Mapping[str, str]) -> None:
        site = parameters["site"]
        context.await_seen(
            lambda: not seen(context, context.driver.deployed(site), site), _WITHIN_S, f"servers of {site}"
        )

    return Kind(name, about, proof, _NEEDS, inverse, _owed, inject, receipt, _undo, lifted, deployment=deployment)


CERTIFICATE_EXPIRED = _kind(
    "certificate-expired",
    "a site's servers show a certificate that has expired",
    "the certificate that each of the site's servers showed had expired",
    "renew-certificate",
    "expired-certificate",
    _expired,
)
RELEASE_OLD = _kind(
    "release-old",
    "a site's servers are of an older release than the other site's",
    "each of the site's servers named another release than those of the other site",
    "deploy-release",
    "old-release",
    _old,
)
CLOCK_AHEAD = _kind(
    "clock-ahead",
    f"a site's clock is {_AHEAD_S} s ahead",
    f"the Date of each of the site's servers was at least {_LEAST_AHEAD_S:g} s ahead",
    "set-clock",
    "clock-ahead",
    _ahead,
)
