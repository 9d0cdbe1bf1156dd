"""Reads which alerts a Prometheus had firing, and when: ``python -m drill.prometheus_reader ADDRESS TARGET SINCE_NS``.

ADDRESS is the site's tools balancer; name, token and CA are the target's. Prints one line of JSON. Runs at the witness's
vantage point.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from targets.model import NoSecret, Target
from targets.read import read_target

_QUERY = 'ALERTS{alertstate="firing"}'
_STEP_S = 1
_MOST_POINTS = 10_000  # Prometheus answers at most 11,000 a series


class ReadFailed(RuntimeError):
    """No complete answer: one line."""


def ask(target: Target, address: str, path: str, fields: dict[str, str]) -> Any:  # JSON: the answer's data
    """One call of the HTTP API at that address. Raises ReadFailed."""
    if target.tools is None or target.tools.prometheus is None:
        raise ReadFailed(f"target {target.name!r}: no Prometheus")
    host = urlsplit(target.tools.prometheus.url).hostname or ""
    try:
        headers = {"Host": host, "Authorization": f"Bearer {target.tools.prometheus.token.read()}"}
        with urllib3.HTTPSConnectionPool(
            address,
            urlsplit(target.tools.prometheus.url).port or 443,
            ca_certs=str(target.tools.ca_file),
            server_hostname=host,
            assert_hostname=host,
            timeout=urllib3.Timeout(connect=3, read=20),
            retries=False,
        ) as pool:
            answer = pool.request("GET", path, fields=fields, headers=headers)
            if answer.status != 200:
                raise ReadFailed(f"{address}: {path} was answered with {answer.status}")
            return answer.json()["data"]
    except (urllib3.exceptions.HTTPError, NoSecret, ValueError, KeyError) as error:
        raise ReadFailed(f"{address}: {type(error).__name__}") from error


def changes(target: Target, address: str, since_ns: int) -> list[dict[str, Any]]:  # JSON: alert, severity, state, t_ns
    """Each alert's firing and end, to the step of a second. Raises ReadFailed."""
    until = time.time()
    since = max(since_ns / 1e9, until - _MOST_POINTS * _STEP_S)
    data = ask(
        target,
        address,
        "/api/v1/query_range",
        {"query": _QUERY, "start": f"{since:.3f}", "end": f"{until:.3f}", "step": f"{_STEP_S}s"},
    )
    found = []
    for series in data["result"]:
        labels = series["metric"]
        about = {
            "alert": labels["alertname"],
            "severity": labels.get("sloth_severity", labels.get("severity", "")),
        }
        before = 0.0
        for second, _ in series["values"]:
            if second - before > 1.5 * _STEP_S:
                if before:
                    found.append({**about, "state": "inactive", "t_ns": int((before + _STEP_S) * 1e9)})
                found.append({**about, "state": "firing", "t_ns": int(second * 1e9)})
            before = second
        if before and until - before > 1.5 * _STEP_S:
            found.append({**about, "state": "inactive", "t_ns": int((before + _STEP_S) * 1e9)})
    return sorted(found, key=lambda change: change["t_ns"])


def main(arguments: list[str]) -> int:
    address, target_file, since_ns = arguments
    try:
        print(json.dumps({"changes": changes(read_target(Path(target_file)), address, int(since_ns))}))
    except ReadFailed as error:
        print(json.dumps({"error": str(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
