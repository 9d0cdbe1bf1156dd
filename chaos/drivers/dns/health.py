"""Which site serves, asked at its own address: a DNS entry that is wrong leads nowhere near it."""

from __future__ import annotations

import urllib3

from targets.model import Service

_PAGE = "/health/ready"
_WITHIN_S = 3


def says_ready(service: Service, address: str) -> bool:
    """By the site's health page over TLS, its certificate verified; whoever does not answer is not ready."""
    pool = urllib3.HTTPSConnectionPool(
        address,
        service.port,
        timeout=_WITHIN_S,
        retries=False,
        ca_certs=str(service.ca_file),
        server_hostname=service.host,
        assert_hostname=service.host,
    )
    try:
        host = service.host if service.port == 443 else f"{service.host}:{service.port}"
        return pool.request("GET", _PAGE, headers={"Host": host}, redirect=False).status == 200
    except (OSError, urllib3.exceptions.HTTPError):
        return False
    finally:
        pool.close()
