from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from results.documents import write_documents
from results.finding import Verdict
from results.judge import Judgement, judge
from results.junit import junit
from results.sentence import sentence
from results.summary import summary
from tests.results.story import Story, ns

Told = Callable[[Story], Judgement]


def test_the_green_story_passes_every_check(story: Story, told: Told) -> None:
    judgement = told(story)
    assert {
        finding.name: (finding.verdict, finding.why) for finding in judgement.findings if finding.verdict != "pass"
    } == {}
    assert judgement.verdict is Verdict.PASS


def test_the_marks_are_those_of_the_definitions(story: Story, told: Told) -> None:
    marks = told(story).marks
    assert (marks.t_cmd, marks.t0, marks.t_det, marks.t_auth, marks.t_decl) == (
        *(ns(-0.1), ns(0), ns(3.0), ns(4.0), ns(4.1)),
    )
    assert marks.t_imp == ns(0), "the reading intended just before the fault missed its deadline because of it"
    # readings intended from 4.56 s on were acknowledged by 6.55 s: the first whole-second window that is good begins at 5 s
    assert marks.t_rest == ns(5)


def test_the_same_evidence_gives_the_same_bytes(story: Story, folder: Path) -> None:
    story.write(folder)
    first = judge(folder).to_bytes()
    write_documents(folder, judge(folder))
    assert judge(folder).to_bytes() == first == (folder / "verdict.json").read_bytes()
    elsewhere = folder.parent / "copied" / folder.name
    shutil.copytree(folder, elsewhere)
    assert judge(elsewhere).to_bytes() == first


def test_the_verdict_has_the_keys_that_others_read(story: Story, told: Told) -> None:
    whole = told(story).as_json()
    assert list(whole)[:8] == ["schema", "run", "drill", "seed", "verdict", "exit_code", "headline", "marks"]
    assert set(whole["headline"]) == {
        *(
            "patients",
            "patients_seen",
            "uploads_intended",
            "uploads_acknowledged",
            "uploads_lost",
            "uploads_duplicated",
        ),
        *("rta_s", "rpo_s", "rpo_records", "ttd_s", "availability", "latency_p50_ms", "latency_p99_ms", "dns_t95_s"),
        "generator_lag_p99_ms",
    }
    assert None not in whole["headline"].values()
    assert {"t0", "t_imp", "t_det", "t_auth", "t_rest"} <= set(whole["marks"])
    json.dumps(whole, allow_nan=False)


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove"])
@pytest.mark.parametrize(
    "name",
    ["history/worker-000.parquet", "timeline.jsonl", "readback/public-public.parquet", "journal.json", "plan.yaml"],
)
def test_damaged_evidence_is_never_green_and_never_an_exception(
    story: Story, folder: Path, name: str, damage: str
) -> None:
    story.write(folder)
    path = folder / name
    content = bytearray(path.read_bytes())
    if damage == "truncate":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    else:
        path.unlink()
    judgement = judge(folder)
    assert judgement.verdict is not Verdict.PASS
    evidence = next(finding for finding in judgement.findings if finding.name == "evidence")
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert name in evidence.why


def test_an_empty_folder_is_inconclusive_in_every_check(tmp_path: Path) -> None:
    judgement = judge(tmp_path)
    assert {finding.verdict for finding in judgement.findings} == {Verdict.INCONCLUSIVE}
    assert judgement.verdict.exit_code == 2


def test_junit_has_one_case_per_check_and_tells_red_from_unclear(story: Story, told: Told) -> None:
    story.stored["public-public"].pop()
    story.events = [e for e in story.events if e["kind"] != "tidy"]
    for event in story.events:
        if event["kind"] == "readback" and event["data"]["path"] == "public":
            event["data"]["rows"] -= 1
    judgement = told(story)
    suite = ET.fromstring(junit(judgement)).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    cases = {case.get("name"): case for case in suite}
    assert set(cases) == {finding.name for finding in judgement.findings}
    assert cases["data-loss"].find("failure") is not None
    assert cases["cleanliness"].find("error") is not None
    assert cases["journal"].find("failure") is cases["journal"].find("error") is None


def test_the_summary_is_short_and_says_the_verdict_in_one_sentence(story: Story, told: Told) -> None:
    judgement = told(story)
    text = summary(judgement)
    assert len(text.splitlines()) <= 40
    assert sentence(judgement) in text
    assert "passed: service restored after 5.0 s, 0 of 2,000 acknowledged uploads lost" in sentence(judgement)
