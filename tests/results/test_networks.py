from __future__ import annotations

import pytest

from results.networks import Networks, Owner

DECLARED = [
    {"network": "192.0.2.0/24", "owner": "provider", "region": "DE"},
    {"network": "192.0.2.240/32", "owner": "abroad", "region": "US"},
    {"network": "192.0.2.128/25", "owner": "upper half", "region": "FR"},
    {"network": "2001:db8::/32", "owner": "six", "region": "DE"},
]


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("192.0.2.240", Owner("abroad", "US")),
        ("192.0.2.241", Owner("upper half", "FR")),
        ("192.0.2.1", Owner("provider", "DE")),
        ("2001:db8::7", Owner("six", "DE")),
        ("192.0.3.1", None),
        ("2001:db9::7", None),
    ],
)
def test_the_smallest_network_around_an_address_counts(address: str, owner: Owner | None) -> None:
    assert Networks(DECLARED).owner(address) == owner


def test_what_is_no_network_or_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="has host bits set"):
        Networks([{"network": "192.0.2.1/24", "owner": "x", "region": "DE"}])
    with pytest.raises(ValueError, match="does not appear to be"):
        Networks(DECLARED).owner("nowhere")
