from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from results import chain, signature
from results.documents import write_documents
from results.judge import judge
from results.manifest import MANIFEST, write_manifest
from results.pack import NotPackable, pack
from tests.results.story import Story
from tests.results.test_signature import make_key


@pytest.fixture
def run(story: Story, folder: Path) -> Path:
    """A run as a drill leaves it, judged, with a report."""
    story.write(folder)
    write_documents(folder, judge(folder))
    (folder / "report.en.html").write_text("<p>Drill story passed</p>")
    (folder / "logs" / "report.log").write_text("drawn after the manifest\n")
    (folder / "live").mkdir()
    (folder / "live" / "loadtests.json").write_text("{}")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.tar"


def members(file: Path) -> dict[str, bytes]:
    """Contents by name below the run's folder, in order."""
    with tarfile.open(fileobj=io.BytesIO(file.read_bytes())) as tar:
        return {info.name.partition("/")[2]: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]


def test_the_lists_stand_first_and_the_plan_before_all_other_evidence(run: Path, out: Path) -> None:
    packed = pack(run, out)
    names = list(members(out))
    assert names[:4] == ["PACK.sha256", MANIFEST, "plan.yaml", "contacts.parquet"]
    assert names[-6:] == ["PACK.json", "VERIFY.md", "junit.xml", "report.en.html", "summary.md", "verdict.json"]
    assert (packed.files, packed.size, packed.signed) == (len(names), out.stat().st_size, False)
    listed = chain.parse(members(out)["PACK.sha256"].decode())
    assert listed.remarks == ("zweitherz/pack/1", f"run {run.name}")
    assert next(iter(listed.digests)) == MANIFEST
    assert "21.000 s before the fault" in members(out)[MANIFEST].decode()


def test_the_same_run_gives_the_same_bytes_wherever_it_lies(run: Path, tmp_path: Path) -> None:
    first = pack(run, tmp_path / "one.tar").path.read_bytes()
    elsewhere = tmp_path / "moved" / run.name
    elsewhere.parent.mkdir()
    run.rename(elsewhere)
    for path in elsewhere.rglob("*"):
        path.chmod(0o700)
        path.touch()
    assert pack(elsewhere, tmp_path / "two.tar").path.read_bytes() == first


def test_it_carries_the_time_of_the_run_and_no_owner(run: Path, out: Path) -> None:
    pack(run, out)
    with tarfile.open(out) as tar:
        assert {(i.mtime, i.uid, i.gid, i.uname, i.gname, i.mode) for i in tar} == {
            (1_795_451_400, 0, 0, "", "", 0o644)
        }


def test_it_says_what_it_is_and_what_is_not_in_it(run: Path, out: Path) -> None:
    pack(run, out)
    about = json.loads(members(out)["PACK.json"])
    assert (about["run"], about["verdict"], about["incomplete"]) == (run.name, "pass", [])
    assert about["not_in_it"] == ["logs/report.log"]
    assert about["made_with"]["zweitherz"]


def test_coreutils_verify_it(run: Path, out: Path, tmp_path: Path) -> None:
    pack(run, out)
    place = tmp_path / "auditor"
    place.mkdir()
    subprocess.run(["tar", "--extract", "--file", str(out)], cwd=place, check=True)
    command = ["sha256sum", "--check", "--quiet", "--strict", "PACK.sha256", MANIFEST]
    assert subprocess.run(command, cwd=place / run.name, check=False).returncode == 0


@pytest.mark.skipif(not signature.installed(), reason="ssh-keygen is not installed (openssh-client)")
def test_a_signed_pack_has_its_signature_second(run: Path, out: Path, tmp_path: Path) -> None:
    assert pack(run, out, key=make_key(tmp_path / "key")).signed
    content = members(out)
    assert list(content)[:3] == ["PACK.sha256", "PACK.sha256.sig", MANIFEST]
    signature.verify(content["PACK.sha256"], content["PACK.sha256.sig"], None)


def spoil(run: Path, how: str) -> None:
    if how == "running":
        (run / MANIFEST).unlink()
    elif how == "damaged":
        (run / "timeline.jsonl").write_text("{}\n")
    elif how == "half-written":
        (run / "verdict.json.part").write_text("{")
    elif how == "not judged":
        (run / "verdict.json").unlink()
    elif how == "verdict damaged":
        (run / "verdict.json").write_text("{")
    elif how == "file missing":
        (run / "journal.json").unlink()


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("running", f"{MANIFEST}: missing: the drill still runs, or was killed before its end"),
        ("damaged", "timeline.jsonl: changed since the run ended"),
        ("half-written", "verdict.json.part: half-written"),
        ("not judged", "verdict.json: missing: not judged yet"),
        ("verdict damaged", "verdict.json: damaged"),
        ("file missing", "journal.json: missing"),
    ],
)
def test_a_run_that_is_not_whole_is_refused_or_says_so_inside(run: Path, out: Path, how: str, why: str) -> None:
    spoil(run, how)
    with pytest.raises(NotPackable) as refused:
        pack(run, out)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not out.exists()
    assert pack(run, out, incomplete=True).incomplete
    content = members(out)
    assert any(why in each for each in chain.parse(content["PACK.sha256"].decode()).remark("incomplete:"))
    assert any(why in each for each in json.loads(content["PACK.json"])["incomplete"])


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (
            "logs/lab.log",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n",
            "logs/lab.log: holds a private key or a bearer token",
        ),
        ("logs/lab.log", "x" * (1 << 20) + "Bearer eyJhbGciOiJI.eyJzdWIiOiJw.x", "a private key or a bearer token"),
        ("summary.md", "Kanari 0123abcd-17 was late", "summary.md: holds a patient's value (name Kanari…)"),
    ],
)
def test_a_secret_does_not_leave_the_house(run: Path, out: Path, name: str, text: str, why: str) -> None:
    (run / name).write_text(text)
    write_manifest(run)
    with pytest.raises(NotPackable) as refused:
        pack(run, out)
    assert why in str(refused.value)
    pack(run, out, incomplete=True)
    assert name not in members(out)
    assert text.encode() not in out.read_bytes()
    assert "left out" in members(out)["PACK.sha256"].decode()


def test_links_and_names_that_lead_astray_are_refused(run: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    (run / "logs" / "x.log").symlink_to(tmp_path / "outside")
    write_manifest(run)
    with pytest.raises(NotPackable, match=r"logs/x\.log: a symbolic link"):
        pack(run, out, incomplete=True)
    (run / "logs" / "x.log").unlink()
    (run / "logs" / "a;b.log").write_text("x")
    write_manifest(run)
    with pytest.raises(NotPackable, match="not a safe name"):
        pack(run, out)
    assert not out.exists()


def test_a_file_that_is_there_is_not_written_over(run: Path, out: Path) -> None:
    out.write_text("mine")
    with pytest.raises(NotPackable, match="there is such a file already"):
        pack(run, out)
    assert out.read_text() == "mine"


def test_where_nothing_can_be_written_one_line_says_so(run: Path, tmp_path: Path) -> None:
    with pytest.raises(NotPackable, match="No such file or directory"):
        pack(run, tmp_path / "nowhere" / "out.tar")
