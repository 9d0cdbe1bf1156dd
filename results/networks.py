"""Whose an address is and in which region, by the networks that a target declares."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """Who has a network, and where it is."""

    name: str
    region: str


class Networks:
    """Declared networks; of those that hold an address, the smallest one (the longest prefix) counts."""

    def __init__(self, declared: Iterable[Mapping[str, str]]) -> None:
        """`declared`: network (CIDR), owner, region of each. Raises ValueError, KeyError."""
        known = [(ipaddress.ip_network(each["network"]), Owner(each["owner"], each["region"])) for each in declared]
        self._networks = sorted(known, key=lambda pair: -pair[0].prefixlen)

    def owner(self, address: str) -> Owner | None:
        """None: the address is in none of them. Raises ValueError for what is no address."""
        wanted = ipaddress.ip_address(address)
        return next((owner for network, owner in self._networks if wanted in network), None)
