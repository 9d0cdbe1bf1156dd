from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from results.chain import BrokenChain, parse, render

A, B, C = (hashlib.sha256(name.encode()).hexdigest() for name in "abc")
TEXT = render(["zweitherz/manifest/1", "run x"], {"plan.yaml": A, "a folder/b.txt": B, "c": C})
LINES = TEXT.split("\n")


def test_what_was_rendered_is_parsed_in_its_order() -> None:
    listed = parse(TEXT)
    assert listed.remarks == ("zweitherz/manifest/1", "run x")
    assert list(listed.digests.items()) == [("plan.yaml", A), ("a folder/b.txt", B), ("c", C)]
    assert listed.remark("run") == ["x"]
    assert LINES[-2] == f"# link {listed.head}"


def test_a_link_is_the_digest_of_the_link_before_and_its_line() -> None:
    first = hashlib.sha256(f"{'0' * 64}\n{LINES[0]}\n".encode()).hexdigest()
    second = hashlib.sha256(f"{first}\n{LINES[2]}\n".encode()).hexdigest()
    assert [LINES[1], LINES[3]] == [f"# link {first}", f"# link {second}"]


def test_every_flipped_byte_breaks_it() -> None:
    data = TEXT.encode()
    for at in range(len(data)):
        for bit in (0x01, 0x20, 0x80):
            flipped = bytearray(data)
            flipped[at] ^= bit
            with pytest.raises((BrokenChain, UnicodeDecodeError)):
                parse(flipped.decode())


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("an entry removed", [*LINES[:4], *LINES[6:]]),
        ("a remark removed", [*LINES[:2], *LINES[4:]]),
        ("two entries exchanged", [*LINES[:4], *LINES[6:8], *LINES[4:6], *LINES[8:]]),
        ("an entry doubled", [*LINES[:6], *LINES[4:]]),
        ("the end cut off", [*LINES[:8], ""]),
        ("the end cut off in a line", LINES[:8]),
        ("something at the end", [*LINES[:-1], f"{A}  d", ""]),
        ("a line without its link", [*LINES[:5], *LINES[6:]]),
        ("nothing but remarks", [*LINES[:4], ""]),
    ],
)
def test_a_list_that_was_edited_is_refused(what: str, lines: list[str]) -> None:
    with pytest.raises(BrokenChain):
        parse("\n".join(lines))


def test_a_list_made_anew_has_another_head() -> None:
    assert parse(render(["zweitherz/manifest/1", "run x"], {"plan.yaml": B})).head != parse(TEXT).head


def test_plain_sha256sum_of_older_runs_is_read_and_has_no_head() -> None:
    listed = parse(f"{A}  plan.yaml\n{B}  b c.txt\n")
    assert (dict(listed.digests), listed.head) == ({"plan.yaml": A, "b c.txt": B}, "")
    for damage in (f"{A[:-1]}  plan.yaml\n", f"{A}  plan.yaml", f"{A}  a\n{B}  a\n", f"{A} a\n"):
        with pytest.raises(BrokenChain):
            parse(damage)


def test_sha256sum_takes_it_as_it_is(tmp_path: Path) -> None:
    for name, content in (("plan.yaml", "a"), ("a folder/b.txt", "b"), ("c", "c")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "LIST").write_text(TEXT)
    command = ["sha256sum", "--check", "--strict", "--quiet", "LIST"]
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    (tmp_path / "c").write_text("d")
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "c: FAILED\n")
