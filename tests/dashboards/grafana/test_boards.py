"""The committed dashboards: as the code draws them, complete, and readable by everybody."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dashboards.grafana.__main__ import BOARDS, main
from dashboards.grafana.model import Board, Panel, Query, Question, Row
from dashboards.grafana.palette import ALL, DARK, LIGHT
from tests.dashboards.grafana.boards import FOLDER, NAMES, panels, queries, read
from tests.promtool import promtool


def test_code_draws_them_byte_for_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert drawn == {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    assert set(drawn) == {f"{name}.json" for name in NAMES}
    assert len(capsys.readouterr().out.splitlines()) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_says_what_it_is_and_which_question_it_answers(name: str) -> None:
    for panel in panels(read(name)):
        assert panel["title"], panel
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        question = next((each for each in Question if panel["description"].startswith(f"{each} ")), None)
        assert question, f"{panel['title']}: {panel['description']}"
        assert len(panel["description"]) > len(question) + 20, f"{panel['title']}: says not how to read it"
        assert panel["targets"], panel["title"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


@pytest.mark.parametrize("name", NAMES)
def test_no_two_panels_overlap_and_none_sticks_out(name: str) -> None:
    def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
        at = panel["gridPos"]
        xs, ys = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        return set(itertools.product(xs, ys))

    whole = read(name)["panels"]
    for one, other in itertools.combinations(whole, 2):
        assert not cells(one) & cells(other), f"{one['title']} lies on {other['title']}"
    assert max(x for panel in whole for x, _ in cells(panel)) == 23
    assert len({panel["id"] for panel in whole}) == len(whole)


@pytest.mark.parametrize("name", NAMES)
def test_the_data_source_is_a_variable_and_no_variable_is_unused(name: str) -> None:
    whole = read(name)
    variables = {each["name"] for each in whole["templating"]["list"]}
    assert variables == {"datasource"}
    text = str(whole["panels"])
    assert all(f"${{{each}}}" in text for each in variables)
    for panel in panels(whole):
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {(each["type"], each["uid"]) for each in sources} == {("prometheus", "${datasource}")}
    used = set(re.findall(r"\$\{?(\w+)", text))
    assert used <= variables | {"__rate_interval"}


def test_each_links_to_all_others_and_takes_time_and_data_source_along() -> None:
    uids = {name: read(name)["uid"] for name in NAMES}
    assert len(set(uids.values())) == len(NAMES)
    for name in NAMES:
        links = read(name)["links"]
        assert {link["url"] for link in links} == {f"/d/{uid}" for other, uid in uids.items() if other != name}
        assert all(link["keepTime"] and link["includeVars"] for link in links)


def test_uids_stay_as_they_are() -> None:
    """Bookmarks and links of others have them."""
    assert [read(name)["uid"] for name in NAMES] == [f"zweitherz-{name}" for name in NAMES]


def test_promtool_parses_every_expression(tmp_path: Path) -> None:
    asked = list(queries())
    rules = [{"record": f"panel:{number}", "expr": each.filled("1m")} for number, each in enumerate(asked)]
    with (tmp_path / "rules.yml").open("w") as out:
        YAML().dump({"groups": [{"name": "panels", "rules": rules}]}, out)
    assert f"{len(asked)} rules found" in promtool(tmp_path, "check", "rules", "rules.yml")


def _luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB (WCAG 2.2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("background", [LIGHT, DARK])
@pytest.mark.parametrize("colour", ALL)
def test_colours_are_seen_on_light_and_dark(colour: str, background: str) -> None:
    low, high = sorted((_luminance(colour), _luminance(background)))
    assert (high + 0.05) / (low + 0.05) >= 3


def test_states_have_words_and_colours_of_the_palette() -> None:
    states = [state for board in BOARDS for panel in board.panels for state in panel.states.values()]
    assert states
    assert all(state.text and state.colour in ALL for state in states)
    banded = [panel for board in BOARDS for panel in board.panels if panel.kind == "states"]
    assert all(len({state.text for state in panel.states.values()}) == len(panel.states) > 1 for panel in banded)


def test_a_panel_wider_than_its_row_is_refused() -> None:
    from dashboards.grafana.draw import DoesNotFit, draw

    wide = Panel("Wide", Question.TRUST, "Too wide.", "s", (Query("up", "up"),), width=25)
    with pytest.raises(DoesNotFit, match="Wide: 25 columns \\(limit 24\\)"):
        draw(Board("x", "x", "x", (Row("x", (wide,)),)), ())


def test_panels_that_do_not_fit_beside_each_other_go_below() -> None:
    from dashboards.grafana.draw import draw

    made = tuple(
        Panel(f"P{number}", Question.TRUST, "Shows it.", "s", (Query("up", "up"),), width=10) for number in range(3)
    )
    whole = json.loads(draw(Board("x", "x", "x", (Row("x", made), Row("y", made[:1]))), ()))
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in whole["panels"]]
    assert places == [(0, 0), (0, 1), (10, 1), (0, 9), (0, 17), (0, 18)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["a", "b"], "grafana: one folder at most"), (["{file}/x"], "grafana: {file}/x: Not a directory")],
)
def test_bad_input_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert main([each.format(file=file) for each in arguments]) == 64
    assert capsys.readouterr().err == said.format(file=file) + "\n"
