"""A complete target description, as a mapping that tests change."""

from __future__ import annotations

from typing import Any

from targets.model import Target


def description(**changes: Any) -> dict[str, Any]:
    """A valid target; `changes` replace top-level keys."""
    whole = {
        "schema": "zweitherz/target/1",
        "name": "lab",
        "environment": "lab",
        "sites": [
            {"name": "fra", "region": "DE", "address": "198.51.100.10"},
            {"name": "gra", "region": "FR", "address": "203.0.113.10"},
        ],
        "service": {"host": "vitals.heart.test", "ca_file": "ca.pem", "active": "fra"},
        "zone": {
            "name": "heart.test",
            "record": "vitals.heart.test",
            "ttl_s": 5,
            "authoritative": [{"name": "ns1", "address": "192.0.2.53", "port": 53}],
        },
        "resolvers": [{"name": "honest", "address": "192.0.2.101", "kind": "honest"}],
        "distances": [{"name": "near", "source": "198.18.1.2", "one_way_ms": 5}],
        "secrets": {"token_key_file": "secrets/token.key"},
    }
    return whole | changes


def target(**changes: Any) -> Target:
    return Target.model_validate(description(**changes))
