from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from drill.notify.configuration import Mail
from drill.notify.notice import Notice, notice_of
from results.finding import Finding, Verdict
from results.judge import Judgement
from tests.drill.notify.conftest import NAME

MAIL = Mail(name="duty", host="mail.test", sender="drills@heart.test", to=["duty@heart.test", "head@heart.test"])


def test_it_has_verdict_sentence_figures_with_objectives_and_where_the_report_is(notice: Notice) -> None:
    assert (notice.state, notice.exit_code, notice.not_passed) == ("pass", 0, ())
    assert notice.sentence.startswith("Drill story passed: service restored after 5.0 s, 0 of 2,000 acknowledged")
    assert notice.report == f"https://drills.example.org/runs/{NAME}/report.en.html"
    shown = {figure.label: (figure.measured, figure.objective) for figure in notice.figures}
    assert shown == {
        "service restored after": ("5 s", "at most 10 s"),
        "acknowledged uploads lost": ("0", "at most 0"),
        "readings stored twice": ("0", "at most 0"),
        "readings on time": ("0.8789", "at least 0.75"),
        "first alarm after": ("2.5 s", "at most 5 s"),
        "false alarms": ("0", "at most 0"),
        "latency p50": ("60 ms", "at most 100 ms"),
        "latency p95": ("60 ms", "at most 200 ms"),
    }


def test_what_did_not_pass_is_named_and_what_is_not_known_is_said(judgement: Judgement) -> None:
    findings = tuple(
        Finding(each.name, Verdict.INCONCLUSIVE, "", {}, each.objective) if each.name == "recovery-time" else each
        for each in judgement.findings
    )
    told = notice_of(Path(NAME), replace(judgement, findings=findings, verdict=Verdict.INCONCLUSIVE), 2, None, None)
    assert (told.state, told.not_passed, told.report) == ("inconclusive", ("recovery-time",), "not drawn")
    assert told.figures[0].measured == "unknown"
    assert "Not passed: recovery-time" in told.text


def test_an_abort_and_a_failed_clean_up_come_before_the_verdict(judgement: Judgement) -> None:
    states = {code: notice_of(Path(NAME), judgement, code, None, None).state for code in (0, 3, 4)}
    assert states == {0: "pass", 3: "aborted", 4: "clean-up failed"}


def test_a_drill_that_did_not_ask_is_not_said_to_have_answered(judgement: Judgement) -> None:
    told = notice_of(Path(NAME), replace(judgement, findings=()), 0, Path("report.en.html"), None)
    assert told.figures == ()
    assert told.report.endswith(":report.en.html")
    assert len(told.as_slack()["blocks"]) == 3


def test_the_forms_carry_the_same(notice: Notice) -> None:
    whole = json.loads(json.dumps(notice.as_json()))
    assert (whole["schema"], whole["state"], whole["figures"][0]["measured"]) == ("zweitherz/notice/1", "pass", "5 s")
    slack = notice.as_slack()
    assert slack["text"].startswith("PASS: drill story. Drill story passed")
    assert [block["type"] for block in slack["blocks"]] == ["header", "section", "section", "context"]
    assert len(slack["blocks"][2]["fields"]) == len(notice.figures) <= 10
    message = notice.as_mail(MAIL)
    assert (message["Subject"], message["To"]) == ("PASS: drill story", "duty@heart.test, head@heart.test")
    assert message["Message-ID"] == notice.as_mail(MAIL)["Message-ID"] == f"<{NAME}.duty@zweitherz.invalid>"
    assert "service restored after: 5 s (objective: at most 10 s)" in message.get_content()


def test_what_has_a_meaning_elsewhere_is_taken_as_text(notice: Notice) -> None:
    strange = replace(notice, drill="a\r\nBcc: x@y <!channel>", sentence="<!channel> & all")
    assert "<!" not in strange.as_slack()["blocks"][1]["text"]["text"]
    assert "&lt;!channel&gt; &amp; all" in strange.as_slack()["text"]


def test_a_name_with_line_ends_makes_no_header(judgement: Judgement) -> None:
    told = notice_of(Path(NAME), replace(judgement, drill="a\r\nBcc: x@y"), 0, None, None)
    message = told.as_mail(MAIL)
    assert (message["Subject"], message["Bcc"]) == ("PASS: drill a Bcc: x@y", None)
