"""One file for an auditor: a run's evidence with its chained lists of SHA-256, in one tar archive (`results.archive`).

Same run, same bytes. Order of the members, all below a folder of the run's name:

=================  =================================================================================================
PACK.sha256        chained list (`results.chain`) of all that MANIFEST.sha256 does not list, itself first
PACK.sha256.sig    where it was signed: a signature of PACK.sha256, and with it of everything
MANIFEST.sha256    the evidence as it was when the drill ended, in its order: the plan first
…                  the evidence
PACK.json          what this pack is, what made it, what of the run's folder is not in it
VERIFY.md          how to verify it, with nothing but coreutils and ssh-keygen, or with ``zweitherz verify``
…                  verdict and documents that were made from the evidence
=================  =================================================================================================

A run that still runs, was killed, is damaged or was never judged is not packed, unless it is asked for; then PACK.sha256 says
``incomplete:`` with each reason, and lists everything itself.
"""

from __future__ import annotations

import calendar
import hashlib
import importlib.metadata
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import archive, canaries, chain, signature
from results import run as runs
from results.manifest import DOCUMENTS, MANIFEST, PLAN, TRANSIENT, damaged, digest, files, read_manifest

SCHEMA = "zweitherz/pack/1"
LIST, SIGNATURE, ABOUT, HOW = "PACK.sha256", "PACK.sha256.sig", "PACK.json", "VERIFY.md"
VERDICT = "verdict.json"
INCOMPLETE = "incomplete:"
ENDING = ".zweitherz.tar"
_CHUNK = 1 << 20
_OVERLAP = 4096  # longer than what is searched for
_TABLES_AND_PICTURES = (".parquet", ".png")
_SECRET = (
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\."  # the latter: a JWT
)
_READ_BY_PEOPLE = ("junit.xml", "summary.md", "report.")
_HOW = """# How to verify this pack

With Zweitherz, which also judges the evidence again and compares the verdicts:

    zweitherz verify {pack}
    zweitherz verify {pack} --signers allowed_signers

With nothing but coreutils (a changed, missing or renamed file shows):

    tar --extract --file {pack}
    cd {run}
    sha256sum --check --quiet {lists}

With ssh-keygen, where the pack is signed (PACK.sha256 covers everything else; `allowed_signers` has one line for each person,
`NAME namespaces="{namespace}" ssh-ed25519 AAAA…`, and must come to you by another way than this pack):

    ssh-keygen -Y find-principals -s {signature} -f allowed_signers
    ssh-keygen -Y verify -f allowed_signers -I NAME -n {namespace} -s {signature} < {list}

Each `# link` in the lists is the SHA-256 of the link before it (at first 64 zeros) and the line above, each with a line feed:
a line that was removed, added or moved breaks all that follow.

Without a signature the lists show damage, and not who made them.
"""


class NotPackable(ValueError):
    """This run cannot be packed: one line says why."""


@dataclass(frozen=True)
class Packed:
    """The archive that was written. `incomplete`: reasons that it says it has."""

    path: Path
    files: int
    size: int
    signed: bool
    incomplete: tuple[str, ...]


@dataclass(frozen=True)
class _Content:
    """What goes into the archive: generated, or a file with the digest that it must still have."""

    size: int
    source: bytes | Path
    digest: str

    def pieces(self) -> Iterator[bytes]:
        """Raises NotPackable where the file changes meanwhile."""
        if isinstance(self.source, bytes):
            yield self.source
            return
        sha = hashlib.sha256()
        with self.source.open("rb") as content:
            while piece := content.read(_CHUNK):
                sha.update(piece)
                yield piece
        if sha.hexdigest() != self.digest:
            raise NotPackable(f"{self.source.name}: changes while it is packed")


def pack(run: Path, out: Path | None = None, *, key: Path | None = None, incomplete: bool = False) -> Packed:
    """Write the pack of a run, whole or not at all; `out`: ``<run>.zweitherz.tar`` here. Signed with `key` if given.

    Raises NotPackable, signature.NotSigned, signature.NoSigner.
    """
    out = out or Path(run.name + ENDING)
    if out.exists():
        raise NotPackable(f"{out}: there is such a file already; remove it, or name another with --out")
    kept_back = _kept_back(run)
    reasons = [*_unfit(run), *(f"{name}: {why}; left out" for name, why in kept_back.items())]
    if reasons and not incomplete:
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        raise NotPackable(f"{run.name}: {reasons[0]}{more}; --incomplete packs the rest, and says so in it")
    evidence, documents = ({}, _everything(run, set(kept_back))) if reasons else _by_manifest(run)
    _check_names(run, [*evidence, *documents])
    members = _assemble(run, evidence, documents, reasons, key)
    _write(run, out, members)
    return Packed(out, len(members), out.stat().st_size, key is not None, tuple(reasons))


def _unfit(run: Path) -> list[str]:
    """Why the run is not whole; empty: it is."""
    if not (run / MANIFEST).exists():
        reasons = [f"{MANIFEST}: missing: the drill still runs, or was killed before its end"]
    else:
        reasons = damaged(run)
    reasons += [f"{path.relative_to(run)}: half-written" for path in sorted(run.rglob("*.part"))]
    try:
        json.loads((run / VERDICT).read_bytes())["verdict"]
    except FileNotFoundError:
        reasons.append(f"{VERDICT}: missing: not judged yet (zweitherz judge {run.name})")
    except (ValueError, KeyError, TypeError):
        reasons.append(f"{VERDICT}: damaged")
    return [" ".join(each.split()) for each in reasons]


def _by_manifest(run: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Digests of the evidence, and of what was made from it."""
    evidence = dict(read_manifest(run).digests)
    documents = {MANIFEST: digest(run / MANIFEST)}
    documents |= {name: digest(run / name) for name in files(run) if name.startswith(DOCUMENTS)}
    return evidence, documents


def _everything(run: Path, without: set[str]) -> dict[str, str]:
    names = [name for name in files(run) if not name.startswith("live/") and name not in without]
    return {name: digest(run / name) for name in sorted(names, key=lambda name: (name != PLAN, name))}


def _check_names(run: Path, names: list[str]) -> None:
    for name in [run.name, *names]:
        if not archive.safe(name):
            raise NotPackable(f"{run.name}: {name!r:.80}: not a safe name for a file in an archive")
    for name in names:
        for path in [run / name, *(run / name).parents]:
            if path == run:
                break
            if path.is_symlink():
                raise NotPackable(f"{run.name}: {path.relative_to(run)}: a symbolic link; a pack has plain files only")


def _kept_back(run: Path) -> dict[str, str]:
    """Files with something that may not leave the house, and what it is."""
    found = {name: _secret(run, name) for name in files(run) if not name.startswith(TRANSIENT)}
    return {name: secret for name, secret in found.items() if secret}


def _secret(run: Path, name: str) -> str:
    """Empty: none. Tables hold what the check `privacy` judges."""
    if name.endswith(_TABLES_AND_PICTURES):
        return ""
    if name.startswith(_READ_BY_PEOPLE):
        text = (run / name).read_text(encoding="utf-8", errors="replace")
        if canary := canaries.find(text, runs.tag(run.name)):
            return f"holds a patient's value ({canary.name} {canary.masked})"
    with (run / name).open("rb") as content:
        before = b""
        while piece := content.read(_CHUNK):
            if re.search(_SECRET, before + piece):
                return "holds a private key or a bearer token"
            before = piece[-_OVERLAP:]
    return ""


def _assemble(
    run: Path, evidence: dict[str, str], documents: dict[str, str], reasons: list[str], key: Path | None
) -> dict[str, _Content]:
    """All members by name, in their order."""
    taken = {*evidence, *documents}
    try:
        about_verdict: Any = json.loads((run / VERDICT).read_bytes())["verdict"]  # JSON as read
    except (OSError, ValueError, KeyError, TypeError):
        about_verdict = None  # why is among the reasons
    about = {
        "schema": SCHEMA,
        "run": run.name,
        "verdict": about_verdict,
        "incomplete": reasons,
        "not_in_it": [name for name in files(run) if name not in taken and not name.startswith(TRANSIENT)],
        "made_with": {"zweitherz": importlib.metadata.version("zweitherz")},
        "versions": "environment.json",
    }
    how = _HOW.format(
        pack=run.name + ENDING,
        run=run.name,
        lists=LIST if reasons else f"{LIST} {MANIFEST}",
        list=LIST,
        signature=SIGNATURE,
        namespace=signature.NAMESPACE,
    )
    made = {
        ABOUT: json.dumps(about, indent=1, ensure_ascii=False).encode() + b"\n",
        HOW: how.encode(),
    }
    first = {MANIFEST: documents[MANIFEST]} if evidence else {}
    listed = {**first, **{name: hashlib.sha256(content).hexdigest() for name, content in made.items()}, **documents}
    remarks = [SCHEMA, f"run {run.name}", *(f"{INCOMPLETE} {reason}" for reason in reasons)]
    text = chain.render(remarks, listed).encode()
    signed = {SIGNATURE: signature.sign(text, key)} if key is not None else {}
    members = {name: _generated(content) for name, content in {LIST: text, **signed}.items()}
    order: Mapping[str, str] = {**first, **evidence, **listed}
    for name, expected in order.items():
        members[name] = _generated(made[name]) if name in made else _stored(run / name, expected)
    return members


def _generated(content: bytes) -> _Content:
    return _Content(len(content), content, "")


def _stored(path: Path, expected: str) -> _Content:
    return _Content(path.stat().st_size, path, expected)


def _write(run: Path, out: Path, members: Mapping[str, _Content]) -> None:
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    mtime = started(run.name)
    try:
        with draft.open("xb") as file:
            archive.write(
                file,
                (
                    (archive.Member(f"{run.name}/{name}", each.size, mtime), each.pieces())
                    for name, each in members.items()
                ),
            )
            file.flush()
            os.fsync(file.fileno())
        draft.rename(out)
    except archive.BadArchive as error:
        raise NotPackable(f"{run.name}: {error}") from error
    except OSError as error:
        raise NotPackable(f"{out}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def started(run_id: str) -> int:
    """Seconds since the epoch at which a run of that id began; 0 where the id does not say."""
    match = re.match(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", run_id)
    try:
        return calendar.timegm(time.strptime(match[0], "%Y-%m-%dT%H-%M-%SZ")) if match else 0
    except ValueError:
        return 0
