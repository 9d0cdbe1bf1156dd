"""Reads the names and labels of every series that the Prometheus of a site holds.

``python -m drill.series_reader SITE FILE TARGET``: one JSON object a line into FILE (``id``, ``name``, ``labels`` as JSON);
prints one line of JSON. Runs at the witness's vantage point.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from targets.model import NoSecret, Target
from targets.read import read_target

_EVERYTHING = '{__name__=~".+"}'


class ReadFailed(RuntimeError):
    """The series could not be read: one line."""


def read_series(target: Target, site: str, file: Path) -> int:
    """Every series of the site's Prometheus, whenever it had a value, into `file`; returns how many. Raises ReadFailed."""
    address = target.site(site).tools_address
    if target.tools is None or target.tools.prometheus is None or address is None:
        raise ReadFailed(f"{site}: the target names no Prometheus there")
    try:
        token = target.tools.prometheus.token.read()
    except NoSecret as error:
        raise ReadFailed(str(error)) from error
    url = urlsplit(target.tools.prometheus.url)
    with urllib3.HTTPSConnectionPool(
        address,
        url.port or 443,
        ca_certs=str(target.tools.ca_file),
        server_hostname=url.hostname,
        assert_hostname=url.hostname,
        timeout=urllib3.Timeout(connect=3, read=30),
        retries=False,
    ) as pool:
        headers = {"Host": str(url.hostname), "Authorization": f"Bearer {token}"}
        try:
            answer = pool.request("GET", "/api/v1/series", fields={"match[]": _EVERYTHING}, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise ReadFailed(f"{site}: {type(error).__name__}") from error
    if answer.status != 200:
        raise ReadFailed(f"{site}: Prometheus answered {answer.status}")
    return _write(answer.json()["data"], file)


def _write(series: list[dict[str, Any]], file: Path) -> int:
    with file.open("w", encoding="utf-8") as out:
        for number, labels in enumerate(series, 1):
            line = {"id": number, "name": labels["__name__"], "labels": json.dumps(labels, ensure_ascii=False)}
            out.write(json.dumps(line) + "\n")
    return len(series)


def main(arguments: list[str]) -> int:
    site, file, target_file = arguments
    try:
        print(json.dumps({"rows": read_series(read_target(Path(target_file)), site, Path(file))}))
    except ReadFailed as error:
        print(json.dumps({"error": str(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
