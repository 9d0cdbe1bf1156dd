"""The example of docs/tools.md is a valid part of a target file."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from tests.targets.target import target

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "tools.md"


def test_the_example_is_taken_as_it_stands() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    tools = target(**YAML(typ="safe").load(block)).tools
    assert tools is not None
    assert tools.sentry is not None
    assert tools.sentry.token.env == "SENTRY_TOKEN"
    assert tools.sentry.projects == {"vitals": 1, "monitors": 2}
