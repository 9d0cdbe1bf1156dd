"""Selectors, in all the ways in which they are written."""

from __future__ import annotations

from typing import Any

import pytest

from lab.kubernetes.refusal import Refusal
from lab.kubernetes.selectors import by_fields, by_labels, by_object

_VITALS = {"app": "vitals", "tier": "front"}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app=vitals", True),
        ("app==vitals,tier=front", True),
        ("app=vitlas", False),
        ("app!=vitals", False),
        ("other!=vitals", True),
        ("app in (vitals, analysis)", True),
        ("app notin (vitals,analysis),tier=front", False),
        ("app", True),
        ("!app", False),
        ("!other", True),
    ],
)
def test_labels(selector: str, matches: bool) -> None:
    assert by_labels(selector)(_VITALS) is matches


@pytest.mark.parametrize("selector", ["app in vitals", "app=a=b", "=,", "app>1"])
def test_what_cannot_be_read_is_refused_and_selects_nothing_by_chance(selector: str) -> None:
    with pytest.raises(Refusal):
        by_labels(selector)


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("metadata.name=one", True),
        ("spec.nodeName=fra-node-0,metadata.name=one", True),
        ("spec.nodeName!=fra-node-0", False),
        ("spec.unschedulable=true", True),
        ("status.phase=Running", False),
    ],
)
def test_fields(selector: str, matches: bool) -> None:
    shown = {"metadata": {"name": "one"}, "spec": {"nodeName": "fra-node-0", "unschedulable": True}}
    assert by_fields(selector)(shown) is matches


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ({}, True),
        ({"matchLabels": {"app": "vitals"}}, True),
        ({"matchLabels": {"app": "vitlas"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["vitals"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"app": "vitals"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}, False),
    ],
)
def test_objects(selector: dict[str, Any], matches: bool) -> None:
    assert by_object(selector)(_VITALS) is matches


def test_an_unknown_field_of_a_selector_does_not_select_everything() -> None:
    with pytest.raises(Refusal, match="unknown field matchLabel"):
        by_object({"matchLabel": {"app": "vitals"}})
