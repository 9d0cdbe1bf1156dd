"""HAProxy's own exporter at each site: what Prometheus keeps of it, and nobody else let in."""

from __future__ import annotations

from lab import model
from lab.services import balancer_metrics
from tests.lab.running import RunningLab, eventually
from tests.lab.test_postgres_exporter import _ASK, asked


def test_prometheus_sees_connections_and_ready_servers_of_both_sites(lab: RunningLab) -> None:
    ready = 'sum by (site) (haproxy_server_check_status{proxy="vitals", server=~"vitals.+", state="L7OK"})'
    rows = eventually(lambda: found if len(found := asked(lab, ready)) == 2 else None)
    assert {row["metric"]["site"]: float(row["value"][1]) for row in rows} == {"fra": 2, "gra": 0}, (
        "a mirror is not ready"
    )
    before = _sessions(lab)
    assert lab.upload().status_code == 201
    eventually(lambda: _sessions(lab) > before)


def _sessions(lab: RunningLab) -> float:
    (row,) = eventually(lambda: asked(lab, 'haproxy_frontend_sessions_total{proxy="https", site="fra"}'))
    return float(row["value"][1])


def test_of_hundreds_of_series_those_that_somebody_looks_at_are_kept(lab: RunningLab) -> None:
    names = {
        row["metric"]["__name__"] for row in eventually(lambda: asked(lab, '{job="balancer", __name__=~"haproxy.+"}'))
    }
    assert names == set(balancer_metrics.METRICS)
    assert asked(lab, '{__name__=~"go_.+|.+_created"}') == []


def test_without_a_certificate_nobody_reads_it(lab: RunningLab) -> None:
    ca = str(lab.folder / "ca.pem")
    address, port = model.PRIVATE["fra"], str(balancer_metrics.PORT)
    refused = lab.inside("fra", lab.python, "-c", _ASK, address, port, ca)
    assert "CERTIFICATE" in refused or "Remote" in refused or "EOF" in refused, refused
