"""The site of the tools cluster is lost: the other site takes it over, and patients' uploads go on without their mirror."""

from __future__ import annotations

from pathlib import Path

from lab import launch
from lab.clusters import TOOLS
from lab.model import Options
from tests.lab.running import RunningLab, eventually


def answers(lab: RunningLab, server: str) -> str:
    asked = (
        "import dns.message,dns.query,sys;"
        "a=dns.query.udp(dns.message.make_query(sys.argv[1],'A'),sys.argv[2],timeout=2);"
        "print(a.answer[0][0])"
    )
    return lab.inside("witness", lab.python, "-c", asked, TOOLS.record, server)


def test_the_other_site_takes_the_tools_over_and_the_product_goes_on(state: Path) -> None:
    lab = RunningLab(launch.up(Options(state=state, ttl_s=1), die_with_caller=True))
    auth = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={lab.access('sentry.key')}"}
    event = b'{"event_id":"' + b"a" * 32 + b'"}\n{"type":"event"}\n{"message":"before the loss","level":"error"}\n'

    def sends(site: str) -> int:
        return lab.tools("POST", "/api/2/envelope/", "sentry", site, headers=auth, data=event).status_code

    def lag() -> list[float]:
        """What the other site's Prometheus has for the target's query."""
        token = {"Authorization": f"Bearer {lab.access('prometheus.token')}"}
        query = {"query": lab.target.tools.prometheus.replication_lag}
        answer = lab.tools("GET", "/api/v1/query", "prometheus", "fra", headers=token, params=query).json()
        return [float(row["value"][1]) for row in answer["data"]["result"]]

    assert sends("gra") == 200
    eventually(lambda: len(lag()) == 1)
    assert sends("fra") == 503, "the mirror takes nothing"
    assert answers(lab, "192.0.2.53") == TOOLS.public["gra"]
    lab.control.call("kill", site="gra")
    assert lab.upload(timeout_s=30).status_code == 201, (
        "it waits for a mirror that is gone, until the runbook goes on alone"
    )
    eventually(lambda: sends("fra") == 200, 40)
    eventually(lambda: answers(lab, "192.0.2.54") == TOOLS.public["fra"])

    def steps() -> set[tuple[str, str, str]]:
        return {(step["cluster"], step["step"], step["state"]) for step in lab.control.call("journal")["steps"]}

    # names are changed before the runbook has written down that they are
    eventually(lambda: {("main", "release", "end"), ("tools", "promote", "end"), ("tools", "dns", "end")} <= steps())
    assert ("main", "promote", "begin") not in steps(), "the product stays where it is"
    token = {"Authorization": f"Bearer {lab.access('sentry.token')}"}
    (issue,) = lab.tools("GET", "/api/0/organizations/heart/issues/", "sentry", "fra", headers=token).json()
    assert int(issue["count"]) >= 2, "what was taken before the loss is there as well"

    assert eventually(lambda: lag() == []), "no mirror follows, so there is no value"

    lab.control.call("heal", site="gra")
    eventually(lambda: len(lag()) == 1)
    roles = {site: database["role"] for site, database in lab.control.call("status")["tools"].items()}
    assert roles == {"fra": "primary", "gra": "mirror"}
    assert lab.upload().status_code == 201
    assert lab.control.call("status")["databases"]["fra"]["sync"] == "sync", "commits wait for the mirror again"
