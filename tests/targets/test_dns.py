from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from chaos.ability import lacking
from chaos.drivers import driver_for
from targets.dns import Lexicon, Rfc2136
from tests.targets.target import target
from tests.targets.test_kubernetes import section

UPDATES = {"kind": "rfc2136", "address": "192.0.2.53", "key": "drill", "secret": {"env": "DNS_KEY"}}
PROVIDER = {"kind": "lexicon", "provider": "hetzner", "options": {"auth_token": {"env": "HETZNER"}}}


def test_both_kinds_are_read() -> None:
    assert isinstance(target(dns=UPDATES).dns, Rfc2136)
    assert isinstance(target(dns=PROVIDER).dns, Lexicon)


@pytest.mark.parametrize(
    ("dns", "message"),
    [
        (UPDATES | {"kind": "route53"}, "'rfc2136', 'lexicon'"),
        (UPDATES | {"secret": "c2VjcmV0"}, "dns.rfc2136.secret"),
        (UPDATES | {"algorithm": "hmac-md5"}, "hmac-sha256"),
        (UPDATES | {"stranger": "198.51.100.10"}, "another host than the sites'"),
        (UPDATES | {"stranger": "2001:db8::1"}, "of their address family"),
        (PROVIDER | {"options": {"auth_token": "secret"}}, "options.auth_token"),
    ],
)
def test_what_is_wrong_is_refused(dns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        target(dns=dns)
    assert message in str(refused.value)


def test_an_entry_that_nobody_gives_is_not_changed() -> None:
    zone = {"name": "heart.test", "record": "vitals.heart.test", "ttl_s": 5, "authoritative": []}
    with pytest.raises(ValidationError, match="names no server"):
        target(dns=UPDATES, zone=zone)


def test_a_server_that_is_asked_has_an_address() -> None:
    servers = [{"name": "ns1", "address": "ns1.heart.test", "port": 53}]
    zone = {"name": "heart.test", "record": "vitals.heart.test", "ttl_s": 5, "authoritative": servers}
    with pytest.raises(ValidationError, match=r"'ns1.heart.test' does not appear to be an IPv4"):
        target(dns=UPDATES, zone=zone)


def test_what_fault_dns_wrong_lacks_is_named() -> None:
    def lacks(**dns: Any) -> list[str]:
        return lacking(driver_for(target(kubernetes=section(), **dns)), "dns-wrong")

    assert lacks() == ["the target file has no section dns"]
    assert lacks(dns=UPDATES) == ["dns.stranger is not given: a host of your own that is no site"]
    assert lacks(dns=UPDATES | {"stranger": "192.0.2.99"}) == []
