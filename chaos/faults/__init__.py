"""One file per fault: how it is injected, what proves that it took effect, how it is undone."""

from __future__ import annotations

import difflib

from chaos.faults.api_server_gone import API_SERVER_GONE
from chaos.faults.balancer_gone import BALANCER_GONE
from chaos.faults.connections_cut import CONNECTIONS_CUT
from chaos.faults.database_killed import DATABASE_KILLED
from chaos.faults.deployed import CERTIFICATE_EXPIRED, CLOCK_AHEAD, RELEASE_OLD
from chaos.faults.dns_updates_refused import DNS_UPDATES_REFUSED
from chaos.faults.dns_wrong import DNS_WRONG
from chaos.faults.kind import Kind, NoReceipt
from chaos.faults.mirror_behind import MIRROR_BEHIND
from chaos.faults.monitors_cut import MONITORS_CUT
from chaos.faults.name_server_stale import NAME_SERVER_STALE
from chaos.faults.private_link import PRIVATE_LINK
from chaos.faults.process_killed import PROCESS_KILLED
from chaos.faults.processor_short import PROCESSOR_SHORT
from chaos.faults.quota_full import QUOTA_FULL
from chaos.faults.service_down import SERVICE_DOWN
from chaos.faults.site_cut import SITE_CUT
from chaos.faults.site_loss import SITE_LOSS
from chaos.faults.uploads_refused import UPLOADS_REFUSED
from chaos.faults.volume_full import VOLUME_FULL
from results.plan import Condition, Fault, Plan

__all__ = ["FAULTS", "NONE", "Kind", "NoReceipt", "UnknownFault", "check_faults", "fault"]

NONE = "none"  # a drill in which nothing is broken: whoever cries is wrong
_KINDS = (
    *(SITE_LOSS, SITE_CUT, DATABASE_KILLED, PROCESS_KILLED, PRIVATE_LINK),
    *(SERVICE_DOWN, MONITORS_CUT, UPLOADS_REFUSED),
    *(DNS_UPDATES_REFUSED, NAME_SERVER_STALE, DNS_WRONG),
    *(CERTIFICATE_EXPIRED, RELEASE_OLD, CLOCK_AHEAD, PROCESSOR_SHORT, CONNECTIONS_CUT),
    *(VOLUME_FULL, MIRROR_BEHIND, BALANCER_GONE, API_SERVER_GONE, QUOTA_FULL),
)
FAULTS = {kind.name: kind for kind in _KINDS}


class UnknownFault(ValueError):
    """Names the nearest valid spelling."""


def fault(name: str) -> Kind:
    """The fault of that name. Raises UnknownFault."""
    if name not in FAULTS:
        near = difflib.get_close_matches(name, FAULTS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FAULTS)}"
        raise UnknownFault(f"fault {name!r}: unknown; {hint}")
    return FAULTS[name]


def check_faults(plan: Plan) -> None:
    """Refuses a plan whose fault or conditions are unknown, or name what such a fault cannot do. Raises UnknownFault."""
    broken: list[Fault | Condition] = [*plan.conditions, *([plan.fault] if plan.fault.name != NONE else [])]
    for each in broken:
        kind = fault(each.name)
        for key, said, allowed in (("how", each.how, kind.hows), ("service", each.service, kind.services)):
            if allowed and said not in allowed:
                raise UnknownFault(f"fault {each.name}: {key} {said!r}: there are {', '.join(allowed)}")
