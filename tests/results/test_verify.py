"""A pack is verified; then it is damaged in every way, and each time the answer names what was damaged and is never authentic."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results import archive, chain, signature
from results.documents import write_documents
from results.judge import judge
from results.manifest import MANIFEST, write_manifest
from results.pack import LIST, pack
from results.verify import Answer, NotAPack, Verification, differences, verify
from tests.results.story import green
from tests.results.test_signature import allow, make_key

NAME = "2026-11-23T16-30-00Z_story_7f3a"
Change = Callable[[dict[str, bytes]], None]
with_keys = pytest.mark.skipif(not signature.installed(), reason="ssh-keygen is not installed (openssh-client)")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run that passes, its pack, and the same signed; read only."""
    folder = tmp_path_factory.mktemp("packs")
    run = folder / NAME
    green(run).write(run)
    write_documents(run, judge(run))
    pack(run, folder / "plain.tar")
    if signature.installed():
        pack(run, folder / "signed.tar", key=make_key(folder / "key"))
        allow(folder / "key")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of a few kilobytes: a run of two files. It is incomplete, so it is never authentic, and flips must still be told."""
    folder = tmp_path_factory.mktemp("small")
    run = folder / "2026-11-23T16-30-00Z_small_7f3a"
    (run / "logs").mkdir(parents=True)
    (run / "plan.yaml").write_text("drill: small\n")
    (run / "logs" / "a.log").write_text("started\n")
    pack(run, folder / "small.tar", incomplete=True)
    return folder / "small.tar"


def contents(file: Path) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(file.read_bytes())) as tar:
        return {info.name.partition("/")[2]: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]


def places(data: bytes) -> list[tuple[int, int, str]]:
    """Begin and end of each member, its header and gap with it, and its name."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = [(info.offset, info.name.partition("/")[2]) for info in tar]
    ends = [offset for offset, _ in found[1:]] + [len(data) - 1024]
    return [(begin, end, name) for (begin, name), end in zip(found, ends, strict=True)]


def answer(data: bytes, place: Path, signers: Path | None = None) -> Verification:
    file = place / "touched.tar"
    file.write_bytes(data)
    return verify(file, signers)


def said(found: Verification) -> str:
    return " ".join(remark.why for remark in found.remarks if remark.answer is Answer.CHANGED)


def forged(file: Path, place: Path, change: Change, *, lists: bool = True) -> Path:
    """The pack with its contents changed and, by somebody who knows how, all lists made anew."""
    members = contents(file)
    change(members)
    if lists:
        for name in (MANIFEST, LIST):
            if name in members:
                listed = chain.parse(members[name].decode())
                digests = {
                    each: hashlib.sha256(members[each]).hexdigest() for each in listed.digests if each in members
                }
                members[name] = chain.render(listed.remarks, digests).encode()
    out = io.BytesIO()
    with tarfile.open(file) as tar:
        mtime = int(next(iter(tar)).mtime)
    archive.write(out, ((archive.Member(f"{NAME}/{n}", len(c), mtime), [c]) for n, c in members.items()))
    (place / "forged.tar").write_bytes(out.getvalue())
    return place / "forged.tar"


def test_a_pack_is_authentic_and_its_verdict_the_same(home: Path) -> None:
    found = verify(home / "plain.tar")
    assert [(r.subject, r.answer) for r in found.remarks] == [
        *(("contents", Answer.OK), ("signature", Answer.NOTE), ("plan", Answer.OK), ("verdict", Answer.OK)),
    ]
    assert (found.exit_code, found.run, found.as_json()["answer"]) == (0, NAME, "authentic")
    assert "21.000 s before the fault" in found.remarks[2].why


@with_keys
def test_who_signed_is_told(home: Path) -> None:
    found = verify(home / "signed.tar", home / "allowed_signers")
    assert (found.exit_code, found.remarks[1].answer) == (0, Answer.OK)
    assert found.remarks[1].why.startswith("by auditor@heart.test, ED25519 SHA256:")
    assert verify(home / "signed.tar").remarks[1].answer is Answer.NOTE


@with_keys
def test_a_signature_that_was_asked_for_must_be_there_and_be_theirs(home: Path, tmp_path: Path) -> None:
    found = verify(home / "plain.tar", home / "allowed_signers")
    assert (found.exit_code, "signature" in {r.subject for r in found.remarks if r.answer is Answer.CHANGED}) == (
        1,
        True,
    )
    others = allow(make_key(tmp_path / "other"))
    assert "none of allowed_signers" in said(verify(home / "signed.tar", others))


@with_keys
def test_a_signed_pack_that_was_made_anew_by_somebody_else_is_told(home: Path, tmp_path: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["logs/lab/fra/vitals0.log"] += b"\n"

    assert "PACK.sha256.sig: not a signature for this text" in said(
        verify(forged(home / "signed.tar", tmp_path, change))
    )


@with_keys
def test_without_ssh_keygen_a_signed_pack_cannot_be_decided(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))
    found = verify(home / "signed.tar")
    assert (found.exit_code, found.remarks[1].answer) == (2, Answer.UNDECIDED)


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_flipped_byte_is_told_and_where_it_is(home: Path, tmp_path: Path, data: st.DataObject) -> None:
    file = home / ("signed.tar" if signature.installed() else "plain.tar")
    whole = bytearray(file.read_bytes())
    # as many flips in each member, however small it is
    begin, end, name = data.draw(st.sampled_from([*places(bytes(whole)), (len(whole) - 1024, len(whole), "end")]))
    at = data.draw(st.integers(begin, end - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    found = answer(bytes(whole), tmp_path)
    assert found.exit_code == 1
    assert name in said(found)


def test_every_byte_of_a_small_pack_counts(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    assert verify(small).exit_code == 2, "incomplete"
    for begin, end, name in places(whole):
        for at in range(begin, end):
            touched = bytearray(whole)
            touched[at] ^= 1 << at % 8
            found = answer(bytes(touched), tmp_path)
            assert (found.exit_code, name in said(found)) == (1, True), (at, name, found)


@pytest.mark.parametrize(
    "name", ["plan.yaml", "history/worker-000.parquet", "verdict.json", "VERIFY.md", MANIFEST, LIST]
)
def test_a_member_that_was_removed_or_exchanged_is_named(home: Path, tmp_path: Path, name: str) -> None:
    removed = forged(home / "plain.tar", tmp_path, lambda members: members.pop(name) and None, lists=False)
    assert name in said(verify(removed))
    exchanged = forged(home / "plain.tar", tmp_path, lambda members: members.update({name: b"other"}), lists=False)
    assert name in said(verify(exchanged))


def test_two_members_in_each_others_place_and_one_more_are_named(home: Path, tmp_path: Path) -> None:
    def swap(members: dict[str, bytes]) -> None:
        order = list(members.items())
        at = [name for name, _ in order].index("journal.json")
        order[at], order[at + 1] = order[at + 1], order[at]
        members.clear()
        members.update(order)

    assert "journal.json: missing, or not in its place" in said(
        verify(forged(home / "plain.tar", tmp_path, swap, lists=False))
    )
    more = forged(home / "plain.tar", tmp_path, lambda members: members.update({"x.log": b""}), lists=False)
    assert "x.log: in the archive, and not listed" in said(verify(more))


def test_evidence_that_was_bettered_by_somebody_who_makes_the_lists_anew_gives_another_verdict(
    home: Path, tmp_path: Path
) -> None:
    def change(members: dict[str, bytes]) -> None:
        verdict = json.loads(members["verdict.json"])
        verdict["headline"]["rta_s"] = 1.0
        verdict["checks"][3]["verdict"] = "inconclusive"
        members["verdict.json"] = json.dumps(verdict).encode()

    found = verify(forged(home / "plain.tar", tmp_path, change))
    assert found.exit_code == 1
    assert "check " in said(found)
    assert "headline rta_s: stored 1.0, today 5.0" in said(found)


def test_a_plan_that_was_exchanged_after_the_drill_is_told(home: Path, tmp_path: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["plan.yaml"] = members["plan.yaml"].replace(b"rto_s: 10", b"rto_s: 99")

    assert "plan.yaml is another one than that on record" in said(verify(forged(home / "plain.tar", tmp_path, change)))


def test_files_that_break_todays_checks_leave_it_undecided(home: Path, tmp_path: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["environment.json"] = b'{"target": {"sites": [1]}}'

    found = verify(forged(home / "plain.tar", tmp_path, change))
    assert (found.exit_code, found.remarks[-1].subject) == (2, "verdict")
    assert "today's checks ended with" in found.remarks[-1].why


def test_an_older_run_without_a_chain_is_packed_and_verified(home: Path, tmp_path: Path) -> None:
    run = tmp_path / NAME
    shutil.copytree(home / NAME, run)
    lines = (run / "timeline.jsonl").read_text().splitlines(keepends=True)
    (run / "timeline.jsonl").write_text("".join(line for line in lines if '"plan"' not in line))
    write_manifest(run)
    text = (run / MANIFEST).read_text()
    (run / MANIFEST).write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith("#")))
    found = verify(pack(run, tmp_path / "old.tar").path)
    assert found.exit_code == 0, found
    assert found.remarks[2].answer is Answer.NOTE
    assert "not on record" in found.remarks[2].why


def test_an_incomplete_pack_is_never_more_than_undecided(home: Path, tmp_path: Path) -> None:
    run = tmp_path / NAME
    shutil.copytree(home / NAME, run)
    (run / "journal.json").unlink()
    found = verify(pack(run, tmp_path / "incomplete.tar", incomplete=True).path)
    assert (found.exit_code, found.remarks[1].why) == (1, "incomplete when packed: journal.json: missing")
    assert "check journal: stored pass, today inconclusive" in said(found)
    write_documents(run, judge(run))
    assert verify(pack(run, tmp_path / "judged.tar", incomplete=True).path).exit_code == 2


@pytest.mark.parametrize(
    ("begin", "why"),
    [
        (b"", "empty"),
        (b"\x1f\x8b\x08", "compressed (gzip); a pack is a plain tar archive"),
        (b"\x28\xb5\x2f\xfd", "compressed (zstd)"),
        (b"PK\x03\x04", "compressed (zip)"),
    ],
)
def test_what_is_no_pack_is_refused(tmp_path: Path, begin: bytes, why: str) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(begin)
    with pytest.raises(NotAPack) as refused:
        verify(file)
    assert why in str(refused.value)


def test_files_that_are_not_there_are_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAPack, match="No such file"):
        verify(tmp_path / "none.tar")
    with pytest.raises(NotAPack, match="Is a directory"):
        verify(tmp_path)
    with pytest.raises(NotAPack, match="no such file of allowed signers"):
        verify(home / "plain.tar", tmp_path / "none")


def test_too_little_room_leaves_it_undecided(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
    found = verify(home / "plain.tar")
    assert (found.exit_code, found.remarks[0].subject) == (2, "archive")
    assert "MiB free" in found.remarks[0].why


def test_nothing_of_a_pack_reaches_the_terminal_raw() -> None:
    stored = {"verdict": "\x1b[2J", "checks": [{"name": "\x07", "verdict": ["x"]}], "headline": 3}
    today = {"verdict": "pass", "checks": [], "headline": {"rta_s": 1.5}, "marks": {}}
    assert differences(stored, today) == [
        'whole: stored "\\u001b[2J", today pass',
        'check "\\u0007": stored ["x"], today null',
        "headline rta_s: stored null, today 1.5",
    ]
