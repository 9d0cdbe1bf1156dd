from __future__ import annotations

from pathlib import Path

import pytest

from results import run as runs


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(runs.VARIABLE, str(tmp_path / "results"))


def made(drill: str) -> Path:
    run = runs.create(drill)
    (run / "plan.yaml").touch()
    return run


def test_a_run_is_found_by_id_prefix_path_and_as_the_latest() -> None:
    run = made("site-loss")
    runs.make_latest(run)
    for name in (run.name, run.name[:-3], str(run), "latest"):
        assert runs.find(name) == run


def test_an_ambiguous_or_unknown_name_is_refused_with_what_there_is() -> None:
    run, _ = made("site-loss"), made("site-loss")
    with pytest.raises(runs.UnknownRun, match="2 runs begin so"):
        runs.find(run.name[:11])
    with pytest.raises(runs.UnknownRun, match="the last runs are"):
        runs.find("1999")
    with pytest.raises(runs.UnknownRun, match="there is no run"):
        runs.find("latest")


def test_tags_of_runs_differ() -> None:
    assert runs.tag("a") != runs.tag("b")
    assert len(runs.tag("a")) == 8


@pytest.mark.parametrize("drill", ["../../elsewhere", "<script>", "a|b\nc", "x" * 400])
def test_a_drill_may_be_called_anything_and_its_folder_lies_where_runs_lie(drill: str) -> None:
    run = runs.create(drill)
    assert run.parent == (runs.home() / "runs").resolve()
    assert set(run.name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert len(run.name) < 128
