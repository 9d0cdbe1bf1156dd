"""Reads the Prometheus of a site over its API; prints one line of JSON. Runs at the witness's vantage point.

``python -m drill.prometheus_reader alerts TARGET SITE SINCE_NS``: which alerts were firing, and when.
``python -m drill.prometheus_reader series TARGET SITE FILE``: names and labels of every series that it holds, one JSON object a
line (``id``, ``name``, ``labels`` as JSON).
``python -m drill.prometheus_reader value TARGET SITE QUERY``: the one value that a query has now.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from targets.model import NoSecret, Target
from targets.read import read_target

_FIRING = 'ALERTS{alertstate="firing"}'
_EVERYTHING = '{__name__=~".+"}'
_STEP_S = 1
_MOST_POINTS = 10_000  # Prometheus answers at most 11,000 a series


class ReadFailed(RuntimeError):
    """No complete answer: one line."""


def ask(target: Target, site: str, path: str, fields: dict[str, str]) -> Any:  # JSON: the answer's data
    """One call of the API of that site's Prometheus, by its address, name and CA as the target has them. Raises ReadFailed."""
    address = target.site(site).tools_address
    if target.tools is None or target.tools.prometheus is None or address is None:
        raise ReadFailed(f"{site}: the target names no Prometheus there")
    url = urlsplit(target.tools.prometheus.url)
    try:
        headers = {"Host": str(url.hostname), "Authorization": f"Bearer {target.tools.prometheus.token.read()}"}
        with urllib3.HTTPSConnectionPool(
            address,
            url.port or 443,
            ca_certs=str(target.tools.ca_file),
            server_hostname=url.hostname,
            assert_hostname=url.hostname,
            timeout=urllib3.Timeout(connect=3, read=30),
            retries=False,
        ) as pool:
            answer = pool.request("GET", path, fields=fields, headers=headers)
            if answer.status != 200:
                raise ReadFailed(f"{site}: Prometheus answered {answer.status}")
            return answer.json()["data"]
    except NoSecret as error:
        raise ReadFailed(str(error)) from error
    except (urllib3.exceptions.HTTPError, ValueError, KeyError) as error:
        raise ReadFailed(f"{site}: {type(error).__name__}") from error


def read_series(target: Target, site: str, file: Path) -> int:
    """Every series of the site's Prometheus, whenever it had a value, into `file`; returns how many. Raises ReadFailed."""
    series: list[dict[str, str]] = ask(target, site, "/api/v1/series", {"match[]": _EVERYTHING})
    with file.open("w", encoding="utf-8") as out:
        for number, labels in enumerate(series, 1):
            line = {"id": number, "name": labels["__name__"], "labels": json.dumps(labels, ensure_ascii=False)}
            out.write(json.dumps(line) + "\n")
    return len(series)


def read_value(target: Target, site: str, query: str) -> float:
    """The value of a query that has exactly one. Raises ReadFailed."""
    data = ask(target, site, "/api/v1/query", {"query": query})
    found = [data["result"]] if data["resultType"] == "scalar" else [each["value"] for each in data["result"]]
    if len(found) != 1 or math.isnan(value := float(found[0][1])):
        raise ReadFailed(f"{site}: {len(found)} values for {query} (one number is asked)")
    return value


def read_alerts(target: Target, site: str, since_ns: int) -> list[dict[str, Any]]:  # alert, severity, state, t_ns
    """Each alert's firing and end, to the step of a second, in order. Raises ReadFailed."""
    until = time.time()
    since = max(since_ns / 1e9, until - _MOST_POINTS * _STEP_S)
    span = {"start": f"{since:.3f}", "end": f"{until:.3f}", "step": f"{_STEP_S}s"}
    data = ask(target, site, "/api/v1/query_range", {"query": _FIRING, **span})
    found = [change for series in data["result"] for change in changes(series, until)]
    return sorted(found, key=lambda change: change["t_ns"])


def changes(series: dict[str, Any], until: float) -> list[dict[str, Any]]:
    """From the seconds in which an alert was firing (one series of a range query) to its begins and ends."""
    labels = series["metric"]
    severity = labels.get("sloth_severity", labels.get("severity", ""))
    found: list[dict[str, Any]] = []

    def change(state: str, second: float) -> None:
        found.append({"alert": labels["alertname"], "severity": severity, "state": state, "t_ns": int(second * 1e9)})

    before = 0.0
    for second, _ in series["values"]:
        if second - before > 1.5 * _STEP_S:
            if before:
                change("inactive", before + _STEP_S)
            change("firing", second)
        before = second
    if before and until - before > 1.5 * _STEP_S:
        change("inactive", before + _STEP_S)
    return found


def main(arguments: list[str]) -> int:
    what, target_file, site, last = arguments
    target = read_target(Path(target_file))
    try:
        if what == "series":
            print(json.dumps({"rows": read_series(target, site, Path(last))}))
        elif what == "value":
            print(json.dumps({"value": read_value(target, site, last)}))
        else:
            print(json.dumps({"changes": read_alerts(target, site, int(last))}))
    except ReadFailed as error:
        print(json.dumps({"error": str(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
