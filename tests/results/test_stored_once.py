"""Duplicates and corruption."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from results.finding import Finding, Verdict
from tests.results.histories import PUBLIC
from tests.results.story import Story

Find = Callable[[Story, str], Finding]


def test_a_duplicate_in_one_read_is_found(story: Story, finding: Find) -> None:
    """The case that Jepsen's set-full forgot (a frequency is never below one)."""
    row = story.stored[PUBLIC][10]
    story.store(PUBLIC, [*story.stored[PUBLIC], dataclasses.replace(row, ack=99_999)])
    found = finding(story, "duplicates")
    assert found.verdict is Verdict.FAIL
    assert (found.measured["duplicated_keys"], found.measured["duplicated_readings"]) == (1, 1)


def test_the_same_reading_under_another_key_is_a_duplicate_too(story: Story, finding: Find) -> None:
    row = story.stored[PUBLIC][10]
    story.store(PUBLIC, [*story.stored[PUBLIC], dataclasses.replace(row, ack=99_999, key=row.key + "0")])
    found = finding(story, "duplicates")
    assert (found.verdict, found.measured["duplicated_readings"]) == (Verdict.FAIL, 1)


def test_the_same_row_in_two_reads_is_no_duplicate(story: Story, finding: Find) -> None:
    assert story.stored[PUBLIC][0] == story.stored["fra-volume"][0]
    found = finding(story, "duplicates")
    assert found.verdict is Verdict.PASS
    assert found.measured["retried"] == 302


def test_an_empty_read_proves_no_uniqueness(story: Story, finding: Find) -> None:
    story.store(PUBLIC, [])
    assert finding(story, "duplicates").verdict is Verdict.INCONCLUSIVE
    assert finding(story, "corruption").verdict is Verdict.INCONCLUSIVE


def test_another_digest_is_corruption(story: Story, finding: Find) -> None:
    story.stored[PUBLIC][10].digest ^= 1
    found = finding(story, "corruption")
    assert (found.verdict, found.measured["differing_digest"]) == (Verdict.FAIL, 1)


def test_another_patient_under_the_same_key_is_corruption(story: Story, finding: Find) -> None:
    story.stored[PUBLIC][10].patient = "p-000999"
    assert finding(story, "corruption").verdict is Verdict.FAIL


def test_no_final_read_leaves_both_open(story: Story, finding: Find) -> None:
    story.without("readback")
    assert finding(story, "corruption").verdict is Verdict.INCONCLUSIVE
    assert finding(story, "duplicates").verdict is Verdict.INCONCLUSIVE
