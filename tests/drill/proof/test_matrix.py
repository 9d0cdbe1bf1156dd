"""What came of a system: caught, missed, false alarm; also of verdicts that no drill here has ever given."""

from __future__ import annotations

import datetime
from typing import Any

from drill.proof.matrix import markdown, row, summary
from drill.proof.systems import Expected, System

_RED, _FOLLOWS = frozenset({"recovery-time", "dns-convergence"}), frozenset({"data-loss"})
BAD = System("site-loss", {"lab.defect": "no-dns-switch"}, Expected(red=_RED, follows=_FOLLOWS))
HEALTHY = System("quiet", {})


def verdict(exit_code: int, **found: str) -> dict[str, Any]:
    checks = [
        {"name": name.replace("_", "-"), "verdict": how, "why": f"because | {how}"} for name, how in found.items()
    ]
    return {"checks": checks, "exit_code": exit_code, "seconds": 41}


def test_what_had_to_turn_and_did_is_caught() -> None:
    found = row(
        "x", BAD, verdict(1, recovery_time="fail", dns_convergence="fail", data_loss="inconclusive", privacy="pass")
    )
    assert found.caught == ("recovery-time", "dns-convergence"), "in the order of the checks"
    assert (found.missed, found.followed, found.false) == ((), ("data-loss",), ())
    assert found.as_expected


def test_what_stayed_green_or_was_never_asked_is_missed() -> None:
    found = row("x", BAD, verdict(1, recovery_time="inconclusive"))
    assert found.missed == ("dns-convergence: not asked", "recovery-time: inconclusive")
    assert not found.as_expected


def test_red_findings_under_an_exit_code_of_zero_are_missed_by_every_pipeline() -> None:
    assert row("x", BAD, verdict(0, recovery_time="fail", dns_convergence="fail")).missed == ("exit code: 0",)


def test_what_turned_without_a_reason_is_a_false_alarm() -> None:
    found = row("x", BAD, verdict(1, recovery_time="fail", dns_convergence="fail", privacy="fail"))
    assert found.false == ("privacy: because | fail",)
    healthy = row("y", HEALTHY, verdict(2, generator_health="inconclusive"))
    assert healthy.false == ("generator-health: because | inconclusive",)


def test_a_healthy_system_whose_drill_did_not_end_with_zero_is_a_false_alarm() -> None:
    assert row("y", HEALTHY, verdict(3, privacy="pass")).false == ("exit code: 3",)


def test_a_drill_done_a_second_time_is_said_with_what_was_wrong_at_first() -> None:
    rows = [row("y", HEALTHY, verdict(0, privacy="pass") | {"again": "the load generator | was late"})]
    assert rows[0].as_expected
    assert summary(rows).endswith("1 of 1 healthy ones stayed green; 1 drilled a second time")
    page = markdown(rows, "1", datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC))
    assert "* y: the load generator \\| was late\n" in page
    assert "| 41 (2nd) |" in page


def test_the_page_counts_and_escapes() -> None:
    rows = [
        row("no-dns-switch", BAD, verdict(1, recovery_time="fail", dns_convergence="fail")),
        row("healthy-quiet-1", HEALTHY, verdict(2, generator_health="inconclusive")),
    ]
    assert summary(rows) == (
        "1 of 1 known-bad systems caught, 0 of them turned a check without reason; 0 of 1 healthy ones stayed green"
    )
    page = markdown(rows, "1.2.3", datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.UTC))
    assert "Version 1.2.3, 2026-11-24 12:00 UTC" in page
    assert "| no-dns-switch | site-loss | recovery-time, dns-convergence |" in page
    assert "because \\| inconclusive" in page
    assert "| recovery-time | no-dns-switch |" in page
    assert "| privacy | nothing on the lab" in page
