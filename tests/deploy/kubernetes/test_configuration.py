"""The configuration files of servers, read by the servers themselves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lab import manifest_files, servers
from tests.deploy.kubernetes.manifests import FOLDER
from tests.promtool import promtool


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mounted secrets of the balancers and of Prometheus."""
    made = tmp_path_factory.mktemp("made")
    manifest_files.make(made)
    for name in ("private.pem", "tools.pem", "access/allowed"):
        shutil.copy(made / "secrets" / name, made / Path(name).name)
    return made


def haproxy(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "haproxy.cfg").write_text(text)
    return subprocess.run(
        [servers.program("haproxy"), "-c", "-f", folder / "haproxy.cfg"],
        env={**os.environ, **servers.environment()},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("part", ["main", "tools"])
def test_haproxy_takes_the_balancers_configuration(part: str, given: Path, tmp_path: Path) -> None:
    text = (FOLDER / "base" / part / "haproxy.cfg").read_text().replace("/given/", f"{given}/")
    done = haproxy(text, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Configuration file is valid" in done.stdout
    assert haproxy(text.replace("server-template", "server-templates", 1), tmp_path).returncode != 0


def test_promtool_takes_prometheus_configuration(given: Path, tmp_path: Path) -> None:
    text = (FOLDER / "base/tools/prometheus.yml").read_text()
    (tmp_path / "prometheus.yml").write_text(text.replace("/given/", f"{given}/"))
    assert "SUCCESS" in promtool(tmp_path, "check", "config", "prometheus.yml")
    assert set(re.findall(r"server_name: (\w+)", text)) == {manifest_files.METRICS}


def test_postgres_has_the_labs_settings() -> None:
    """What differs is what pods and TLS ask for."""
    lab = (FOLDER.parent.parent / "lab/services/postgres_files.py").read_text()
    (block,) = re.findall(r'_SETTINGS = """\n(.*?)"""', lab, re.S)
    here = (FOLDER / "base/postgres/postgresql.conf").read_text()
    settings = [dict(re.findall(r"^(\w+) = (.+)$", text, re.M)) for text in (block, here)]
    different = {
        name for name in settings[0].keys() | settings[1].keys() if settings[0].get(name) != settings[1].get(name)
    }
    assert different == {
        *("listen_addresses", "port", "unix_socket_directories", "shared_buffers", "cluster_name"),
        *("ssl", "ssl_min_protocol_version"),
    }
