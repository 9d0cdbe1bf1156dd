"""The rules that stand beside the dashboards: as the generator makes them of the objectives, with the windows of operation."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from monitors.slo.__main__ import main
from tests.dashboards.grafana.boards import queries
from tests.promtool import promtool

HOME = Path(__file__).resolve().parent.parent.parent
RULES = HOME / "dashboards" / "prometheus" / "objectives.yaml"
OBJECTIVES = sorted((HOME / "monitors" / "objectives").glob("*.yaml"))


def test_the_generator_makes_them_byte_for_byte(tmp_path: Path) -> None:
    out = tmp_path / "rules.yaml"
    assert main([*map(str, OBJECTIVES), "--out", str(out)]) == 0
    assert out.read_bytes() == RULES.read_bytes()


def test_promtool_takes_them() -> None:
    assert f"{29 * len(OBJECTIVES) + 1} rules found" in promtool(RULES.parent, "check", "rules", RULES.name)


def test_windows_are_those_of_operation() -> None:
    groups = YAML(typ="safe").load(RULES.read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    info = [rule["labels"] for rule in rules if rule.get("record") == "sloth_slo_info"]
    assert [each["window_scale"] for each in info] == ["1"] * len(OBJECTIVES)
    burn = [rule["labels"] for rule in rules if rule.get("record") == "slo:rule_burn_rate:ratio"]
    assert [each["sloth_window"] for each in burn[:8]] == ["1h", "5m", "6h", "30m", "1d", "2h", "3d", "6h"]


def test_dashboards_use_no_rule_that_is_not_among_them() -> None:
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text()))
    used = {name for each in queries() for name in re.findall(r"slo:[a-z_:]+", each.expr)}
    assert used
    assert used <= recorded
