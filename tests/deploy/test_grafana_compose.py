"""Grafana's compose file. There is no Docker here: its form, its mounts and what it listens on can be shown, its start cannot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose
from ruamel.yaml import YAML

from tests.promtool import promtool

HOME = Path(__file__).resolve().parent.parent.parent
FOLDER = HOME / "deploy" / "grafana"
TEXT = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
PAGE = (HOME / "docs" / "dashboards.md").read_text(encoding="utf-8")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def parsed(text: str) -> dict[str, Any]:
    whole: dict[str, Any] = YAML(typ="safe").load(text)
    return whole


def interpolated(text: str, **given: str) -> str:
    """As Compose fills variables in. Raises KeyError for one that is required and not given."""

    def value(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        if name in given:
            return given[name]
        if kind == "-":
            return str(default)
        raise KeyError(name)

    return _VARIABLE.sub(value, text)


GIVEN = {"GRAFANA_ADMIN_PASSWORD": "chosen", "PROMETHEUS_URL": "https://prometheus.example.org"}


def test_it_fits_the_schema_of_the_compose_specification() -> None:
    whole = interpolated(TEXT, **GIVEN)
    taken = PyCompose.from_yaml(whole)
    taken.validate()
    assert taken.service_names() == ["grafana", "prometheus"]
    for right, wrong in (("image:", "imago:"), ("type: bind", "type: bound"), ("[ALL]", "3")):  # a schema that refuses
        with pytest.raises(ValueError, match=r"services\.grafana"):
            PyCompose.from_yaml(whole.replace(right, wrong))


@pytest.mark.parametrize("name", GIVEN)
def test_neither_password_nor_prometheus_has_a_default(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        interpolated(TEXT, **{key: value for key, value in GIVEN.items() if key != name})
    assert f"${{{name}:?" in TEXT, "Compose refuses it when it is empty, too"


def test_nothing_listens_but_on_the_loopback() -> None:
    services = parsed(interpolated(TEXT, **GIVEN))["services"]
    assert all("ports" not in service for service in services.values()), "with the host's network ports are not mapped"
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    (listens,) = [each for each in services["prometheus"]["command"] if "listen-address" in each]
    assert listens == "--web.listen-address=127.0.0.1:9091"


def test_nobody_gets_in_without_the_password_and_nothing_is_told_to_anybody() -> None:
    told = parsed(interpolated(TEXT, **GIVEN))["services"]["grafana"]["environment"]
    assert told["GF_SECURITY_ADMIN_PASSWORD"] == GIVEN["GRAFANA_ADMIN_PASSWORD"]
    off = ("GF_AUTH_ANONYMOUS_ENABLED", "GF_USERS_ALLOW_SIGN_UP", "GF_SNAPSHOTS_EXTERNAL_ENABLED")
    assert {told[name] for name in (*off, "GF_ANALYTICS_REPORTING_ENABLED", "GF_NEWS_NEWS_FEED_ENABLED")} == {"false"}


def test_every_mount_of_the_clone_is_there_and_read_only() -> None:
    mounts = [
        mount
        for service in parsed(TEXT)["services"].values()
        for mount in service["volumes"]
        if mount["type"] == "bind" and not mount["source"].startswith("$")
    ]
    assert len(mounts) == 3
    for mount in mounts:
        assert (FOLDER / mount["source"]).is_dir(), mount
        assert mount["read_only"], mount
    dashboards = parsed((FOLDER / "provisioning/dashboards/zweitherz.yaml").read_text())["providers"][0]
    at = {mount["target"]: FOLDER / mount["source"] for mount in mounts}
    assert len(list(at[dashboards["options"]["path"]].glob("*.json"))) == 4


def test_the_data_source_gets_what_the_compose_file_passes_on() -> None:
    text = (FOLDER / "provisioning/datasources/prometheus.yaml").read_text()
    told = parsed(TEXT)["services"]["grafana"]["environment"]
    asked = set(re.findall(r"\$([A-Z]\w+)", text))
    assert asked == {name for name in told if name.startswith("PROMETHEUS_")}
    (file,) = re.findall(r"\$__file\{(.+)\}", text)
    assert file in {mount["target"] for mount in parsed(TEXT)["services"]["grafana"]["volumes"]}
    assert parsed(text)["datasources"][0]["type"] == "prometheus"


def test_promtool_takes_the_configuration_of_the_prometheus_that_keeps(tmp_path: Path) -> None:
    content = parsed(interpolated(TEXT, **GIVEN))["configs"]["federation"]["content"]
    ca = tmp_path / "ca.pem"
    ca.touch()
    content = content.replace("/etc/zweitherz/rules", str(HOME / "dashboards/prometheus"))
    (tmp_path / "prometheus.yaml").write_text(content.replace("/etc/zweitherz/ca.pem", str(ca)))
    assert "59 rules found" in promtool(tmp_path, "check", "config", "prometheus.yaml")


def test_the_page_names_every_variable_and_no_other() -> None:
    rows = PAGE[PAGE.index("| variable |") :]
    assert set(re.findall(r"`([A-Z_]+)`", rows)) == {name for name, _, _ in _VARIABLE.findall(TEXT)}
    exported = set(re.findall(r"export (\w+)=", PAGE))
    assert set(GIVEN) <= exported <= {name for name, _, _ in _VARIABLE.findall(TEXT)}
