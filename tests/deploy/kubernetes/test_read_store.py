"""The auditor's path by the program of the operators: in the database's pod, or by one of its own on a lost site's volume.

That both really read what a store holds is tried by test_two_sites.py on real PostgreSQL.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from chaos.drivers.commands import CommandDriver, CommandFailed
from lab.vitals.export import ROWS
from tests.deploy.kubernetes.manifests import FOLDER, one, plain, read
from tests.deploy.kubernetes.operators import orders
from tests.deploy.kubernetes.schemas import fault, newest_minors
from tests.deploy.kubernetes.test_pods import unsafe

KEY = r'"k\"id\":\"9\""'
ROW = f'{{"resourceType":"Bundle","id":"%d","identifier":{{"value":{KEY}}},"patient":"p","seq":1,"digest":"ab","stored":2}}\n'
THREE = "".join(ROW % ack for ack in (1, 2, 5))
WHOLE = THREE + '{"count": 3, "last_ack": 5}\n'
SQL = FOLDER / "commands/read_store.sql"
ASKED = "--request-timeout 5s get pod postgres-0 --ignore-not-found --output jsonpath={.status.phase}/{.spec.nodeName}"
TAKEN_AWAY = "--request-timeout 6s delete pod store-reader --ignore-not-found --grace-period 1 --timeout 5s"
(READER,) = read((FOLDER / "commands/store_reader.yaml").read_text())


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Where they are to be; something is there already."""
    file = tmp_path / "rows.ndjson"
    file.write_text("of another drill\n")
    return file


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in {"HOLDER": "Running/node-1", "STORE": WHOLE, **variables}.items():
        monkeypatch.setenv(name, value)


def words(folder: Path, site: str) -> list[str]:
    """What was ordered at that site, the program of the pod by its pod's name."""
    said = [each.removeprefix(f"{site} ") for each in orders(folder)]
    return [each.split(" --container postgres -- sh -c ")[0] for each in said]


def test_a_database_that_runs_is_asked_in_its_pod(
    driver: CommandDriver, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch)
    assert driver.read_store("fra", rows) == {
        "proof": {"count": 3, "last_ack": 5, "sha256": hashlib.sha256(THREE.encode()).hexdigest()},
        "volume_of_dead_site": False,
    }
    assert rows.read_text() == THREE
    assert words(tmp_path, "fra") == [ASKED, "exec --stdin postgres-0"]
    assert (tmp_path / "orders.sql").read_text() == SQL.read_text()
    assert [each.name for each in tmp_path.glob("rows*")] == [rows.name]


def test_a_store_without_a_reading_is_whole_too(
    driver: CommandDriver, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, STORE='{"count": 0, "last_ack": null}\n')
    assert driver.read_store("gra", rows)["proof"]["last_ack"] is None
    assert rows.read_bytes() == b""


@pytest.mark.parametrize("nobody", ["", "Pending/"])
def test_a_volume_that_nobody_mounts_is_read_by_a_pod_that_is_taken_away(
    driver: CommandDriver, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nobody: str
) -> None:
    given(monkeypatch, HOLDER=nobody)
    answer = driver.read_store("fra", rows)
    assert (answer["volume_of_dead_site"], answer["proof"]["count"]) == (True, 3)
    assert rows.read_text() == THREE
    reader = tmp_path / "kubernetes/commands/store_reader.yaml"
    assert words(tmp_path, "fra") == [
        ASKED,
        TAKEN_AWAY,
        f"--request-timeout 5s create --filename {reader}",
        "--request-timeout 22s wait --for condition=Ready pod/store-reader --timeout 21s",
        "exec --stdin store-reader",
        ASKED,
        TAKEN_AWAY,
    ]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"STARTS": "1"}, "the volume of fra was not read within"),
        ({"EXIT": "3"}, "the database of fra does not give what it holds"),
        ({"STORE": THREE}, "the database of fra says"),
        ({"LATER": "Pending/node-1"}, "came back while its volume was read"),
        ({"LATER": "Running/node-1"}, "came back while its volume was read"),
    ],
)
def test_that_pod_is_taken_away_whatever_happens(
    driver: CommandDriver,
    rows: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, str],
    why: str,
) -> None:
    given(monkeypatch, HOLDER="", **wrong)
    with pytest.raises(CommandFailed, match=rf"exit code 2 .*{why}"):
        driver.read_store("fra", rows)
    assert words(tmp_path, "fra")[-1] == TAKEN_AWAY
    assert list(tmp_path.glob("rows*")) == []


@pytest.mark.parametrize("held", ["Pending/node-1", "Failed/node-1", "Unknown/node-1"])
def test_a_volume_that_somebody_may_write_to_is_not_touched(
    driver: CommandDriver, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    given(monkeypatch, HOLDER=held)
    with pytest.raises(CommandFailed, match="neither runs nor is its volume free"):
        driver.read_store("fra", rows)
    assert words(tmp_path, "fra") == [ASKED]


@pytest.mark.parametrize(
    "cut",
    [
        "",
        THREE,
        THREE[:-20],
        ROW % 1 + ROW % 2 + '{"count": 3, "last_ack": 5}\n',
        ROW % 1 + ROW % 2 + ROW % 4 + '{"count": 3, "last_ack": 5}\n',
        WHOLE + ROW % 6,
    ],
)
def test_what_was_cut_off_is_seen_and_leaves_no_file(
    driver: CommandDriver, rows: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    given(monkeypatch, STORE=cut)
    with pytest.raises(CommandFailed, match=r"exit code 2 .*the database of fra says"):
        driver.read_store("fra", rows)
    assert not rows.exists()


def test_a_cluster_that_does_not_answer_says_nothing(
    driver: CommandDriver, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, SILENT="yes")
    with pytest.raises(CommandFailed, match="does not say whether its database runs"):
        driver.read_store("fra", rows)
    assert words(tmp_path, "fra") == [ASKED]


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "allowed: fra|gra FILE"), (("ber", "rows"), "ber: no site"), (("fra", "/no/such/rows"), "its folder is not")],
)
def test_what_is_not_understood_is_refused(words: tuple[str, ...], said: str) -> None:
    done = subprocess.run([FOLDER / "commands/read_store.sh", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (64, "", 1)
    assert said in done.stderr


def test_the_rows_are_the_services_own() -> None:
    assert " ".join(ROWS.split()) in " ".join(SQL.read_text().split())


# the pod


@pytest.mark.parametrize("minor", newest_minors())
def test_the_reader_is_a_pod_that_is_confined(minor: str) -> None:
    assert fault(READER, minor) == ""
    assert unsafe(READER) == []
    assert READER["spec"]["restartPolicy"] == "Never"
    assert READER["spec"]["activeDeadlineSeconds"] <= 60


def test_it_may_not_write_to_the_volume_and_has_room_for_a_copy() -> None:
    database = one(plain(), "StatefulSet", "postgres")["spec"]
    (claim,) = database["volumeClaimTemplates"]
    volumes = {each["name"]: each for each in READER["spec"]["volumes"]}
    name = f"{claim['metadata']['name']}-postgres-0"
    assert volumes["data"]["persistentVolumeClaim"] == {"claimName": name, "readOnly": True}
    assert volumes["copy"]["emptyDir"]["sizeLimit"] == claim["spec"]["resources"]["requests"]["storage"]
    (container,) = READER["spec"]["containers"]
    (own,) = database["template"]["spec"]["containers"]
    assert {"name": "data", "mountPath": "/data", "readOnly": True} in container["volumeMounts"]
    assert container["image"] == own["image"]
    for key in ("runAsUser", "fsGroup"):
        assert READER["spec"]["securityContext"][key] == database["template"]["spec"]["securityContext"][key]


@pytest.mark.parametrize(("written", "code"), [("base", 1), ("", 0)])
def test_no_server_starts_on_a_copy_of_what_somebody_writes_to(tmp_path: Path, written: str, code: int) -> None:
    """A pod may be gone by its name while its server ends."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/postmaster.pid").write_text("7")
    (tmp_path / "copy").mkdir()
    touch = f"touch {tmp_path}/data/{written}" if written else ":"
    stand_ins = {"cp": f'/bin/cp "$@"; sleep 0.1; {touch}', "postgres": f'echo "$*"; ls {tmp_path}/copy/pgdata'}
    for name, text in stand_ins.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (container,) = READER["spec"]["containers"]
    done = subprocess.run(
        [*container["command"], *container["args"]],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "DATA": str(tmp_path / "data"),
            "COPY": str(tmp_path / "copy"),
            "RUN": "/run/postgres",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "somebody writes to the volume\n" if code else "")
    assert done.stdout.startswith(f"-D {tmp_path}/copy/pgdata -c listen_addresses= ") is not bool(code)
    assert "postmaster.pid" not in done.stdout


def test_nobody_takes_it_for_a_database() -> None:
    """No service leads there, no policy lets anybody in but by name: its label is nobody's."""
    labels = READER["metadata"]["labels"]
    text = json.dumps([each for each in plain() if each["kind"] != "Pod"])
    assert labels == {"app": "store-reader"}
    assert "store-reader" not in text
    assert not os.access(FOLDER / "commands/store_reader.yaml", os.X_OK)
