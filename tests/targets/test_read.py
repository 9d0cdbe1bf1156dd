from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from targets.read import BadTarget, read_target
from tests.targets.target import description


def written(folder: Path, data: object) -> Path:
    path = folder / "target.yaml"
    with path.open("w") as out:
        YAML().dump(data, out)
    return path


def test_a_complete_description_is_read(tmp_path: Path) -> None:
    assert read_target(written(tmp_path, description())).service.host == "vitals.heart.test"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, r"target\.yaml: colour: Extra inputs are not permitted"),
        ({"environment": "moon"}, r"target\.yaml: environment: .*'lab', 'staging' or 'production'.*found 'moon'"),
        (
            {"residency": {"allowed": [], "networks": [{"network": "192.0.2.1/24", "owner": "x", "region": "DE"}]}},
            r"target\.yaml: residency\.networks\.0\.network: .*network",
        ),
        ({"sites": "fra"}, r"target\.yaml: sites: .*list"),
        ({"schema": "zweitherz/target/9"}, r"target\.yaml: schema: .*zweitherz/target/1"),
    ],
)
def test_a_bad_key_is_named_with_what_was_found(tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises(BadTarget, match=said) as refused:
        read_target(written(tmp_path, description(**change)))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"), [("a: [", "not YAML"), ("- 1", "expected a mapping, found list"), ("", "NoneType")]
)
def test_what_is_no_description_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "target.yaml"
    path.write_text(text)
    with pytest.raises(BadTarget, match=said) as refused:
        read_target(path)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadTarget, match=r"nowhere\.yaml: No such file"):
        read_target(tmp_path / "nowhere.yaml")
