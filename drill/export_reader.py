"""Reads everything back over HTTP, by the convention of FHIR bulk export, and checks the proof of completeness.

``python -m drill.export_reader ADDRESS FILE TARGET``: one read of the site at ADDRESS (an IP address, or ``public`` for
what the first honest resolver answers), rows into FILE; prints one line of JSON. Runs at the witness's vantage point.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import dns.exception
import dns.resolver
import jwt
import urllib3

from targets.model import Target
from targets.read import read_target

PUBLIC = "public"
_WITHIN_S = 60
_CHUNK = 1 << 18


class ReadFailed(RuntimeError):
    """The read is not complete: one line."""


def resolve(target: Target) -> str:
    """What a client with an honest resolver would be told now. Raises ReadFailed."""
    server = next((each for each in target.resolvers if each.kind == "honest"), target.resolvers[0])
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = [server.address], server.port, 5
    try:
        return str(resolver.resolve(target.service.host, "A")[0])
    except dns.exception.DNSException as error:
        raise ReadFailed(f"{target.service.host}: not resolved by {server.name} ({type(error).__name__})") from error


def read_all(target: Target, address: str, file: Path) -> dict[str, Any]:  # JSON values: rows, site, proof
    """Every upload that the service at `address` holds, into `file`. Raises ReadFailed."""
    service = target.service
    token = jwt.encode(
        {"sub": "auditor", "scope": "system/*.read", "aud": "vitals", "exp": int(time.time()) + 600},
        target.secrets.token_key_file.read_text().strip(),
        algorithm="HS256",
    )
    headers = {"Host": service.host, "Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}
    with urllib3.HTTPSConnectionPool(
        address,
        service.port,
        ca_certs=str(service.ca_file),
        server_hostname=service.host,
        assert_hostname=service.host,
        timeout=urllib3.Timeout(connect=3, read=30),
        retries=False,
    ) as pool:
        try:
            return _export(pool, headers, file)
        except urllib3.exceptions.HTTPError as error:
            raise ReadFailed(f"{address}: {type(error).__name__}") from error


def _export(pool: urllib3.HTTPSConnectionPool, headers: dict[str, str], file: Path) -> dict[str, Any]:
    begun = pool.request("GET", "/fhir/$export?_elements=identifier", headers={**headers, "Prefer": "respond-async"})
    if begun.status != 202:
        raise ReadFailed(f"export refused with {begun.status}")
    place, deadline = begun.headers["Content-Location"], time.monotonic() + _WITHIN_S
    while True:
        answer = pool.request("GET", place, headers=headers)
        if answer.status == 200:
            break
        if answer.status != 202:
            raise ReadFailed(f"export failed with {answer.status}")
        if time.monotonic() > deadline:
            raise ReadFailed(f"export not finished after {_WITHIN_S} s")
        time.sleep(0.1)  # FHIR bulk export is polled by design
    manifest = json.loads(answer.data)
    proof = manifest["extension"]["proof"]
    digest, rows = hashlib.sha256(), 0
    content = pool.request("GET", manifest["output"][0]["url"], headers=headers, preload_content=False)
    with file.open("wb") as out:
        for chunk in content.stream(_CHUNK):
            digest.update(chunk)
            rows += chunk.count(b"\n")
            out.write(chunk)
    content.release_conn()
    if content.status != 200 or digest.hexdigest() != proof["sha256"] or rows != proof["count"]:
        raise ReadFailed(f"export is not what its proof says: {rows} rows of {proof['count']}")
    return {"rows": rows, "site": content.headers.get("Serving-Site", ""), "proof": proof}


def main(arguments: list[str]) -> int:
    address, file, target_file = arguments
    target = read_target(Path(target_file))
    try:
        where = resolve(target) if address == PUBLIC else address
        print(json.dumps(read_all(target, where, Path(file))))
    except ReadFailed as error:
        print(json.dumps({"error": str(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
