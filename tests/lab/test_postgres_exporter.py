"""The real postgres_exporter of a real lab: both sites' databases in Prometheus, and nobody else let in."""

from __future__ import annotations

from typing import Any

from lab import model
from lab.services import postgres_exporter
from tests.lab.running import RunningLab, eventually


def asked(lab: RunningLab, query: str) -> list[dict[str, Any]]:
    token = {"Authorization": f"Bearer {lab.access('prometheus.token')}"}
    answer = lab.tools("GET", "/api/v1/query", "prometheus", headers=token, params={"query": query}).json()
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


def test_prometheus_sees_the_databases_of_both_sites(lab: RunningLab) -> None:
    up = eventually(lambda: rows if len(rows := asked(lab, "pg_up == 1")) == 2 else None)
    assert {row["metric"]["site"] for row in up} == {"fra", "gra"}
    assert asked(lab, "pg_exporter_last_scrape_error != 0") == [], "its role may see all that it asks for"


def test_the_targets_query_has_one_value_while_the_mirror_follows(lab: RunningLab) -> None:
    query = lab.target.tools.prometheus.replication_lag
    (row,) = eventually(lambda: asked(lab, query))
    assert float(row["value"][1]) < 16 << 20
    (mirror,) = asked(lab, "pg_stat_replication_pg_wal_lsn_diff")
    assert (mirror["metric"]["application_name"], mirror["metric"]["site"]) == ("gra", "fra")


_ASK = """
import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[3])
client = http.client.HTTPSConnection(sys.argv[1], int(sys.argv[2]), timeout=5, context=context)
try:
    client.request("GET", "/metrics")
    print(client.getresponse().status)
except (ssl.SSLError, ConnectionError) as error:
    print(getattr(error, "reason", None) or type(error).__name__)
"""


def test_without_a_certificate_nobody_reads_it(lab: RunningLab) -> None:
    ca = str(lab.folder / "ca.pem")
    address, port = model.PRIVATE["fra"], str(postgres_exporter.PORT)
    assert "BAD_CERTIFICATE" in lab.inside("fra", lab.python, "-c", _ASK, address, port, ca)


def test_its_password_is_in_a_file_that_its_owner_alone_may_read(lab: RunningLab) -> None:
    for site in model.SITES:
        assert (lab.folder / "secrets" / f"exporter-{site}").stat().st_mode & 0o777 == 0o600
    assert [word for word in _passwords(lab) if word in _seen(lab)] == [], "nor is it in its log"


def _passwords(lab: RunningLab) -> list[str]:
    return [(lab.folder / "secrets" / f"exporter-{site}").read_text() for site in model.SITES]


def _seen(lab: RunningLab) -> str:
    return "".join((lab.folder / "logs" / site / "tools-postgres-exporter.log").read_text() for site in model.SITES)
