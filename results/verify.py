"""Is a pack what was packed, who says so, and would its evidence be judged the same today? Offline; the pack is not trusted.

Answers, worst first: *changed* (a byte, a signature, or the verdict is another one), *undecided* (something could not be asked),
*authentic*. What was changed is named. Nothing of a changed pack is judged.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from results import signature
from results.archive import BadArchive
from results.manifest import SCHEMA as MANIFEST_SCHEMA
from results.pack import VERDICT
from results.plan_record import contradicts, plan_record
from results.unpack import Unpacked, unpack

_HOME = Path(__file__).resolve().parent.parent
_JUDGE_WITHIN_S = 900
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}


class NotAPack(ValueError):
    """There is nothing to verify: one line."""


class Answer(StrEnum):
    """Of one question, and of the whole. NOTE: it is so, and counts neither way."""

    OK = "ok"
    NOTE = "note"
    UNDECIDED = "undecided"
    CHANGED = "changed"


@dataclass(frozen=True)
class Remark:
    """What was asked, the answer, and one line on it."""

    subject: str
    answer: Answer
    why: str


@dataclass(frozen=True)
class Verification:
    """All that was found. `run`: its id, as the pack says; empty where the pack could not be opened."""

    run: str
    remarks: tuple[Remark, ...]

    @property
    def answer(self) -> Answer:
        """The worst one; a pack that is authentic is OK."""
        answers = {remark.answer for remark in self.remarks}
        return next((each for each in (Answer.CHANGED, Answer.UNDECIDED) if each in answers), Answer.OK)

    @property
    def exit_code(self) -> int:
        """0 authentic and the same verdict, 1 changed or another verdict, 2 cannot be decided."""
        return {Answer.OK: 0, Answer.CHANGED: 1, Answer.UNDECIDED: 2}[self.answer]

    def as_json(self) -> dict[str, Any]:
        """For other programs; keep it stable."""
        answer = {Answer.OK: "authentic"}.get(self.answer, self.answer.value)
        found = [asdict(remark) for remark in self.remarks]
        return {
            "schema": "zweitherz/verification/1",
            "run": self.run,
            "answer": answer,
            "exit_code": self.exit_code,
            "found": found,
        }


def verify(pack: Path, signers: Path | None = None) -> Verification:
    """Verify a pack; with `signers` (an allowed-signers file) it must be signed by one of them. Raises NotAPack."""
    if signers is not None and not signers.is_file():
        raise NotAPack(f"{signers}: no such file of allowed signers")
    try:
        size = pack.stat().st_size
        file = pack.open("rb")
    except OSError as error:
        raise NotAPack(f"{pack}: {error.strerror}") from error
    with file, tempfile.TemporaryDirectory(prefix="zweitherz-verify-") as folder:
        begin = file.read(8)
        file.seek(0)
        if not begin:
            raise NotAPack(f"{pack}: empty")
        for magic, name in _COMPRESSED.items():
            if begin.startswith(magic):
                raise NotAPack(f"{pack}: compressed ({name}); a pack is a plain tar archive")
        if (free := shutil.disk_usage(folder).free) < size:
            why = f"{size >> 20} MiB to unpack, {free >> 20} MiB free in {Path(folder).parent} (TMPDIR names another folder)"
            return Verification("", (Remark("archive", Answer.UNDECIDED, why),))
        try:
            opened = unpack(file, size, Path(folder))
        except BadArchive as error:
            return Verification("", (Remark("archive", Answer.CHANGED, str(error)),))
        remarks = [*_contents(opened, size), _signature(opened, signers), _plan(opened)]
        if any(remark.answer is Answer.CHANGED for remark in remarks):
            remarks.append(Remark("verdict", Answer.NOTE, "not judged again: what was changed proves nothing"))
        else:
            remarks.append(_verdict(opened))
        return Verification(opened.run.name, tuple(remarks))


def _contents(opened: Unpacked, size: int) -> list[Remark]:
    if opened.changed:
        return [Remark("contents", Answer.CHANGED, why) for why in opened.changed]
    remarks = [Remark("contents", Answer.OK, f"{opened.files} files, {size} bytes: every one accounted for")]
    remarks += [Remark("contents", Answer.UNDECIDED, f"incomplete when packed: {why}") for why in opened.incomplete]
    return remarks


def _signature(opened: Unpacked, signers: Path | None) -> Remark:
    subject = "signature"
    if opened.signature is None:
        if signers is None:
            why = "none: whoever had the evidence can have made this pack; --signers asks for one"
            return Remark(subject, Answer.NOTE, why)
        return Remark(subject, Answer.CHANGED, f"missing; one of {signers.name} was asked for")
    try:
        signed = signature.verify(opened.text, opened.signature, signers)
    except signature.NoSigner as error:
        return Remark(subject, Answer.UNDECIDED, str(error))
    except signature.BadSignature as error:
        return Remark(subject, Answer.CHANGED, f"PACK.sha256.sig: {error}")
    if not signed.who:
        return Remark(subject, Answer.NOTE, f"by {signed.key}: nobody says here whose that is; --signers does")
    return Remark(subject, Answer.OK, f"by {signed.who}, {signed.key}")


def _plan(opened: Unpacked) -> Remark:
    """Was the plan fixed before the fault, by the timeline in the pack, and does the manifest say the same?"""
    record = plan_record(opened.run)
    said = opened.manifest.remarks if opened.manifest is not None else ()
    if said and said != (MANIFEST_SCHEMA, f"run {opened.run.name}", record):
        return Remark("plan", Answer.CHANGED, f"MANIFEST.sha256 says {' / '.join(said)!r:.200}, the timeline: {record}")
    if contradicts(record):
        return Remark("plan", Answer.CHANGED, record)
    return Remark("plan", Answer.OK if " before the fault" in record else Answer.NOTE, record)


def _verdict(opened: Unpacked) -> Remark:
    subject = "verdict"
    stored = _read(opened.run / VERDICT)
    if stored is None:
        return Remark(subject, Answer.UNDECIDED, f"{VERDICT}: missing or damaged, nothing to compare with")
    try:
        # a process of its own: what a hostile file can do to a reader of tables ends there
        done = subprocess.run(
            [sys.executable, "-m", "results.judge", str(opened.run)],
            capture_output=True,
            timeout=_JUDGE_WITHIN_S,
            check=False,
            cwd=_HOME,
        )
    except subprocess.TimeoutExpired:
        return Remark(subject, Answer.UNDECIDED, f"today's checks came to no end within {_JUDGE_WITHIN_S} s")
    if done.returncode:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1]
        return Remark(subject, Answer.UNDECIDED, f"today's checks ended with {done.returncode}: {last[:160]}")
    today = json.loads(done.stdout)
    if differing := differences(stored, today):
        more = f" (and {len(differing) - 1} more: {'; '.join(differing[1:])})" if len(differing) > 1 else ""
        return Remark(subject, Answer.CHANGED, f"judged again, it is another one: {differing[0]}{more}")
    why = f"{today['verdict']}: {len(today['checks'])} checks judged again, each as stored"
    return Remark(subject, Answer.OK, why)


def differences(stored: dict[str, Any], today: dict[str, Any]) -> list[str]:  # two verdict.json as read
    """In what two verdicts differ: the whole, each check, each headline figure and mark that both have; one line each."""
    found = []
    if stored.get("verdict") != today["verdict"]:
        found.append(f"whole: stored {_shown(stored.get('verdict'))}, today {_shown(today['verdict'])}")
    before, now = _by_check(stored), _by_check(today)
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            found.append(f"check {_shown(name)}: stored {_shown(before.get(name))}, today {_shown(now.get(name))}")
    for part in ("headline", "marks"):
        figures = stored.get(part)
        figures = figures if isinstance(figures, dict) else {}
        for name, value in today[part].items():
            if name not in figures or figures[name] != value:
                found.append(f"{part} {name}: stored {_shown(figures.get(name))}, today {_shown(value)}")
    return found


def _by_check(verdict: dict[str, Any]) -> dict[str, Any]:
    checks = verdict.get("checks")
    return {
        str(each["name"]): each.get("verdict")
        for each in (checks if isinstance(checks, list) else [])
        if isinstance(each, dict) and "name" in each
    }


def _shown(value: object) -> str:
    """A value out of a pack, so that it can do nothing to a terminal."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else json.dumps(value)[:80]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        whole = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return whole if isinstance(whole, dict) else None
