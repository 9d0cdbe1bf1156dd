"""Faults on a real lab: each takes effect as its receipt says, is undone, and leaves a service that takes uploads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from chaos import faults
from chaos.context import Context
from chaos.drivers import driver_for
from chaos.faults import NoReceipt
from chaos.guards import Guards
from chaos.observer import Observer
from chaos.people import People
from lab import launch
from lab.model import PUBLIC, RECORD, STRANGER, Options
from results.clock import Clock
from results.plan import Fault, Plan
from results.timeline import TimelineWriter
from tests.lab.running import RunningLab, eventually

pytestmark = pytest.mark.lab


class Seeing:
    """An observer of whom these faults only want to know that it lives."""

    alive = True


@pytest.fixture(scope="module", name="own")
def _own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """A lab to be broken and mended again, whose databases have volumes of their own, and whose mirror nobody waits for."""
    state = tmp_path_factory.mktemp("own")
    options = Options(state=state, replication="async", tools=False, volume_mb=256, takeover="perform")
    yield RunningLab(launch.up(options, die_with_caller=True))
    launch.down(state)


@pytest.fixture(name="context")
def _context(own: RunningLab, tmp_path: Path) -> Iterator[Context]:
    clock, plan = Clock.anchored_now(), Plan(drill="x")
    run = tmp_path / "results/runs/x"
    run.mkdir(parents=True)
    with TimelineWriter(run, "chaos", clock) as timeline:
        guards = Guards(run, plan.guards, clock, timeline)
        people = People([], run, clock, print)
        observer: object = Seeing()
        driver = driver_for(own.target)
        yield Context(run, plan, own.target, clock, timeline, guards, observer, driver, print, people)  # type: ignore[arg-type]


@pytest.fixture(name="uploads")
def _uploads(own: RunningLab) -> Iterator[None]:
    """Somebody uploads all the while; what becomes of it is not asked."""
    over = threading.Event()

    def upload() -> None:
        while not over.wait(0.05):  # often enough for something to be on its way; other tests want the machine as well
            try:
                own.upload(timeout_s=5)
            except requests.RequestException:
                continue

    threads = [threading.Thread(target=upload) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("dns-updates-refused", "fra"),
        ("name-server-stale", "fra"),
        ("dns-wrong", "fra"),
        ("certificate-expired", "gra"),
        ("release-old", "gra"),
        ("clock-ahead", "fra"),
        ("processor-short", "fra"),
        ("volume-full", "fra"),
        ("mirror-behind", "gra"),
        ("connections-cut", "fra"),
    ],
)
def test_a_fault_takes_effect_and_is_gone_again(
    own: RunningLab, context: Context, uploads: None, name: str, site: str
) -> None:
    kind, fault = faults.fault(name), Fault(name=name, site=site)
    if name != "connections-cut":  # which is one at any time
        with pytest.raises(NoReceipt):
            kind.receipt(context, fault)
    kind.inject(context, fault)
    assert kind.receipt(context, fault) > 0
    kind.undo(context.driver, kind.owed(fault))
    kind.lifted(context, kind.owed(fault))
    assert eventually(lambda: own.upload().status_code in (200, 201))


def test_a_full_volume_takes_nothing_and_says_so(own: RunningLab, context: Context) -> None:
    kind, fault = faults.fault("volume-full"), Fault(name="volume-full", site="fra")
    kind.inject(context, fault)
    statuses = {own.upload(body=b"x" * 10).status_code, own.upload().status_code}
    kind.undo(context.driver, kind.owed(fault))
    assert statuses <= {400, 201, 503, 500}
    assert eventually(lambda: own.upload().status_code == 201)


def performed(own: RunningLab, step: str) -> list[str]:
    """States of that step when it is performed at gra."""
    lines = own.control.call("takeover", site="gra", step=step)["steps"]
    return [line["state"] for line in lines if line["step"] == step]


@pytest.fixture(name="entry_back")
def _entry_back(context: Context) -> Iterator[None]:
    yield
    context.driver.mend_entry()
    assert eventually(lambda: all(addresses == [PUBLIC["fra"]] for addresses in context.driver.entry().values()))


@pytest.mark.usefixtures("entry_back")
def test_the_runbook_finds_a_second_way_when_updates_are_refused(own: RunningLab, context: Context) -> None:
    context.driver.set_dns_updates("refused")
    try:
        assert performed(own, "dns") == ["begin", "second-way", "end"]
    finally:
        context.driver.set_dns_updates("taken")
    assert all(addresses == [PUBLIC["gra"]] for addresses in context.driver.entry().values())


@pytest.mark.usefixtures("entry_back")
def test_the_runbook_makes_a_server_follow_that_does_not_by_itself(own: RunningLab, context: Context) -> None:
    context.driver.set_second_name_server("stale")
    try:
        assert performed(own, "dns") == ["begin", "told-to-follow", "end"]
    finally:
        context.driver.set_second_name_server("following")
    assert all(addresses == [PUBLIC["gra"]] for addresses in context.driver.entry().values())


def test_a_stranger_answers_for_the_name_and_nobody_who_verifies_believes_it(own: RunningLab, context: Context) -> None:
    curl = [
        "curl",
        "--silent",
        "--max-time",
        "5",
        "--connect-to",
        f"{RECORD}:443:{STRANGER}:443",
        "--output",
        "/dev/null",
    ]
    shows = ["--write-out", "%{http_code} %{ssl_verify_result}", f"https://{RECORD}/"]
    context.driver.misdirect_entry()
    try:
        assert eventually(lambda: context.driver.entry() == {"ns1": [STRANGER], "ns2": [STRANGER]})
        assert own.inside("patients", *curl, "--insecure", *shows).startswith("200")
        wary = own.inside("patients", *curl, "--cacert", str(own.folder / "ca.pem"), *shows, check=False)
        assert wary.startswith("000"), "no answer was taken"
        assert not wary.endswith(" 0"), "because the certificate did not verify"
    finally:
        context.driver.mend_entry()


def test_what_is_broken_lives_no_longer_than_its_lease(own: RunningLab, context: Context) -> None:
    driver = context.driver
    driver.renew_lease("a-run", 2)
    driver.kill_site("gra", ["private-link", "public-link", "processes"], 0)
    driver.set_dns_updates("refused")
    driver.deploy("fra", "clock-ahead")
    assert not own.control.call("status")["sites"]["gra"]["alive"]
    lapsed = eventually(lambda: own.control.call("lease")["lapsed"], 60)
    assert lapsed[0]["holder"] == "a-run"
    status = own.control.call("status")
    assert all(shown == {"alive": True, "fenced": False, "linked": True} for shown in status["sites"].values())
    assert (driver.dns_updates(), status["deployed_otherwise"]) == ("taken", [])
    assert eventually(lambda: own.upload().status_code in (200, 201))


def test_a_lease_that_is_given_back_mends_nothing(own: RunningLab, context: Context) -> None:
    before = len(own.control.call("lease")["lapsed"])
    context.driver.renew_lease("another-run", 1)
    context.driver.release_lease()
    context.driver.set_dns_updates("refused")
    with pytest.raises(AssertionError, match="not within"):
        eventually(lambda: len(own.control.call("lease")["lapsed"]) > before, 2)
    assert context.driver.dns_updates() == "refused"
    context.driver.set_dns_updates("taken")


def test_the_witness_sees_the_record_that_stops_every_drill(own: RunningLab, context: Context) -> None:
    observer = Observer(context.run, own.target, own.folder / "target.yaml", context.clock)
    try:
        assert eventually(lambda: observer.sees("fra"))
        assert observer.stop_key == ""
        own.control.call("stop-key", state="on")
        assert eventually(lambda: observer.stop_key) == own.target.zone.stop
    finally:
        observer.end()
        own.control.call("stop-key", state="off")
