"""The page: escaped, loads nothing, small, and says in words what a picture shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dashboards.report.html import pictures, render, worst_first
from dashboards.report.model import Check, Report
from dashboards.report.sentence import sentence
from dashboards.report.shown import LANGUAGES, language
from dashboards.report.writing import write_report
from results.finding import Verdict
from tests.dashboards.report.conftest import RUN
from tests.results.story import green

EVIL = '<script>alert("x")</script>$x$'


@pytest.fixture(scope="module")
def rendered(data: Report) -> dict[str, str]:
    return {lang: render(data, language(lang)) for lang in LANGUAGES}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_loads_nothing_and_runs_nothing(rendered: dict[str, str], lang: str) -> None:
    page = rendered[lang]
    assert f'<html lang="{lang}">' in page
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*\"", page) == []
    assert len(page.encode()) < 3_000_000


def test_names_in_a_run_are_escaped(tmp_path: Path) -> None:
    run = tmp_path / RUN
    story = green(run)
    story.plan["drill"] = EVIL
    story.event("alert", f"{EVIL}@gra", 3, state="raised", why=EVIL, since_ns=0)
    story.event("takeover.step", EVIL, 4, state="failed", site="gra", why=EVIL)
    story.write(run)
    plan = YAML(typ="safe").load((run / "plan.yaml").read_text())
    (run / "plan.yaml").unlink()
    YAML().dump({"title": EVIL, "extensions": [plan]}, run / "plan.yaml")
    page = write_report(run).read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_every_picture_stands_beside_its_own_words(rendered: dict[str, str]) -> None:
    page = rendered["en"]
    names = re.findall(r'<svg role="img" aria-labelledby="([\w-]+)"', page)
    assert len(names) == 10
    for name in names:
        (text,) = re.findall(rf'<figcaption id="{name}">(.*?)</figcaption>', page, re.S)
        assert re.search(r"\d", text), f"{name} says no number"


def test_no_id_is_there_twice(rendered: dict[str, str]) -> None:
    ids = re.findall(r'\sid="([^"]+)"', rendered["en"])
    assert len(ids) == len(set(ids))


def test_pictures_have_the_page_s_colours(data: Report) -> None:
    for name, picture in pictures(data, language("de")).items():
        assert picture is not None, name
        assert "var(--ink)" in picture.svg
        assert not re.search(r"#0\wf1e\w", picture.svg)


def test_the_same_evidence_gives_the_same_page(data: Report, rendered: dict[str, str]) -> None:
    assert render(data, language("en")) == rendered["en"]


def test_the_sentence_for_management(rendered: dict[str, str]) -> None:
    english, german = (re.findall(r"<h1>(.*?)</h1>", rendered[lang])[0] for lang in LANGUAGES)
    assert english.startswith("If data centre fra fails, patients are without good service for 5\u00a0s, none of 2,000")
    assert german.startswith(
        "Fällt das Rechenzentrum fra aus, gilt: Patienten sind 5\u00a0s ohne guten Dienst, keiner von 2.000"
    )


def test_the_worst_comes_first() -> None:
    checks = [
        Check(name=name, verdict=verdict, why="")
        for name, verdict in (
            ("evidence", Verdict.INCONCLUSIVE),
            ("data-loss", Verdict.PASS),
            ("latency-slo", Verdict.INCONCLUSIVE),
            ("journal", Verdict.FAIL),
            ("duplicates", Verdict.FAIL),
        )
    ]
    assert [check.name for check in worst_first(checks)] == ["duplicates", "journal", "latency-slo", "evidence"]


def _with(data: Report, **changes: object) -> str:
    return sentence(data.model_copy(update=changes), language("en"))


def test_the_sentence_says_no_more_than_the_drill_has_shown(data: Report) -> None:
    assert "data centre" not in _with(data, loses_site=False, title="The balancer")
    assert _with(data, t0_ns=None).startswith("This run does not show what happens to patients")
    assert _with(data, verdict=Verdict.FAIL).endswith("The drill failed: not every promise was kept.")
    without = [check for check in data.checks if check.name != "recovery-time"]
    assert "of the readings were acknowledged in time" in _with(data, checks=without)
    assert "2,000 of 2,000 readings were acknowledged" in _with(data, checks=without, availability=None)
    unknown = [each.model_copy(update={"value": None}) for each in data.promises]
    assert "not seen that good service comes back" in _with(data, promises=unknown)
    assert "how many acknowledged readings are lost is not known" in _with(data, promises=unknown)
