"""What a target forbids is refused before anything is done."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from drill.cli import main
from drill.permission import NotPermitted, check_budget, check_confirmation, check_limits
from lab import launch
from lab.model import Options
from results.plan import Condition, Fault, Plan
from targets.model import Limits
from targets.read import read_target
from tests.targets.target import target

HOME = Path(__file__).resolve().parent.parent.parent
PLAN = Plan(
    drill="x", fault=Fault(name="site-loss", site="fra"), conditions=[Condition(name="service-down", service="oncall")]
)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"faults": ["service-down"]}, "site-loss: not allowed \\(limits.faults: service-down\\)"),
        ({"faults": ["site-loss"]}, "service-down: not allowed \\(limits.faults: site-loss\\)"),
        ({"sites": ["gra"]}, "fra: not allowed \\(limits.sites: gra\\)"),
        ({"sites": []}, "fra: not allowed \\(limits.sites: none\\)"),
        ({"patients": 119_999}, "120000: not allowed \\(limits.patients: at most 119999\\)"),
        ({"rate": 399}, "400 uploads/s: not allowed \\(limits.rate: at most 399\\)"),
    ],
)
def test_a_plan_beyond_a_limit_is_refused_by_that_limit(limits: dict[str, Any], said: str) -> None:
    with pytest.raises(NotPermitted, match=said):
        check_limits(PLAN, target(limits=limits))


def test_a_plan_at_its_limits_is_permitted_and_so_is_any_without() -> None:
    check_limits(PLAN, target())
    check_limits(
        PLAN,
        target(limits={"faults": ["site-loss", "service-down"], "sites": ["fra"], "patients": 120_000, "rate": 400}),
    )
    check_limits(Plan(drill="x", fault=Fault(name="none")), target(limits={"faults": [], "patients": 120_000}))


def test_the_limits_that_the_page_shows_are_limits() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (HOME / "docs/safety.md").read_text(), re.S)
    shown = YAML(typ="safe").load(textwrap.dedent(block))["limits"]
    assert Limits.model_validate(shown).model_dump(exclude_unset=True) == shown


def test_in_production_the_site_is_typed_or_nothing_begins() -> None:
    production = target(environment="production")
    with pytest.raises(NotPermitted, match="type the site that this drill breaks"):
        check_confirmation(PLAN, production, None)
    for wrong in ("", "gra", "FRA", "yes"):
        with pytest.raises(NotPermitted, match="is not the site that this drill breaks"):
            check_confirmation(PLAN, production, wrong)
    check_confirmation(PLAN, production, "fra")
    check_confirmation(PLAN, target(environment="staging"), None)


def test_a_budget_that_nobody_can_tell_is_no_permission(tmp_path: Path) -> None:
    with pytest.raises(NotPermitted, match="has no Prometheus to ask"):
        check_budget(tmp_path, target(limits={"budget": {"query": "vector(1)"}}))


@pytest.fixture(name="real", scope="module")
def _real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The target file of a lab that is up."""
    state = tmp_path_factory.mktemp("permission") / "lab"
    yield launch.up(Options(state=state), die_with_caller=True).target
    launch.down(state)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("vector(0.05)", "5.0% of the error budget left \\(limits.budget.at_least: 20%\\)"),
        ("slo:period_error_budget_remaining:ratio", "error budget unknown: gra: 0 values"),
        ("0 / 0", "error budget unknown: gra: 1 values"),
    ],
)
def test_a_spent_or_unknown_budget_of_a_real_prometheus_is_no_permission(real: Path, query: str, said: str) -> None:
    limited = read_target(real).model_copy(update={"limits": Limits.model_validate({"budget": {"query": query}})})
    with pytest.raises(NotPermitted, match=said):
        check_budget(real, limited)


@pytest.mark.lab
def test_enough_budget_is_permission(real: Path) -> None:
    enough = Limits.model_validate({"budget": {"query": "vector(0.2)"}})
    check_budget(real, read_target(real).model_copy(update={"limits": enough}))


@pytest.mark.lab
@pytest.mark.parametrize(
    ("changes", "arguments", "said"),
    [
        ({"environment": "production"}, [], "embedded lab is production: type the site that this drill breaks"),
        ({"environment": "production"}, ["--confirm", "gra"], "--confirm 'gra': is not the site"),
        ({"limits": {"patients": 10}}, [], "120000: not allowed (limits.patients: at most 10)"),
    ],
)
def test_the_command_line_refuses_with_exit_64_and_leaves_no_run(
    real: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setenv("ZWEITHERZ_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr("sys.stdin", (tmp_path / "empty").open("w+"))
    yaml = YAML(typ="safe")
    limited = real.with_name("limited.yaml")
    with limited.open("w") as out:
        yaml.dump({**yaml.load(real.read_text()), **changes}, out)
    with pytest.raises(SystemExit) as ended:
        main(["drill", "site-loss", "--target", str(limited), *arguments])
    assert ended.value.code == 64
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert not (tmp_path / "results" / "runs").exists()
