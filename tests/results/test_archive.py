from __future__ import annotations

import io
import tarfile

import pytest

from results.archive import BadArchive, Member, Reader, safe, write

FILES = {"run/PACK.sha256": b"list", "run/logs/a b.log": b"x" * 512, "run/empty": b"", "run/größe.json": b"{}"}


def archive(files: dict[str, bytes] = FILES) -> bytes:
    out = io.BytesIO()
    write(out, ((Member(name, len(content), 1_700_000_000), [content]) for name, content in files.items()))
    return out.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    reader, found = Reader(io.BytesIO(data), len(data)), {}
    while member := reader.member():
        found[member.name] = b"".join(reader.content(member))
    return found


def refused(data: bytes) -> str:
    with pytest.raises(BadArchive) as told:
        read(data)
    return str(told.value)


def made_by_others(**fields: object) -> bytes:
    """One member, by the library, with other fields than ours."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("run/PACK.sha256")
        info.mode = 0o644
        for name, value in fields.items():
            setattr(info, name, value)
        tar.addfile(info, io.BytesIO(b"x" * info.size))
    return out.getvalue()


def test_what_was_written_is_read_and_every_tar_reads_it() -> None:
    data = archive()
    assert read(data) == FILES
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert {name: tar.extractfile(name).read() for name in tar.getnames()} == FILES  # type: ignore[union-attr]


def test_every_flipped_byte_outside_of_contents_is_refused() -> None:
    data = archive({"run/a": b"abc", "run/b": b""})
    for at in range(len(data)):
        for bit in (0x01, 0x10, 0x20, 0x80):
            flipped = bytearray(data)
            flipped[at] ^= bit
            if 512 <= at < 515:
                assert read(bytes(flipped))["run/a"] != b"abc"
            else:
                assert "archive structure" in refused(bytes(flipped))


def test_an_archive_that_was_cut_off_or_continued_is_refused() -> None:
    data = archive()
    for length in range(0, len(data), 7):
        refused(data[:length])
    assert "the end is not at the end" in refused(data + bytes(512))
    assert "the end is not at the end" in refused(data + data)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "is a link, not a plain file"),
        ({"type": tarfile.LNKTYPE, "linkname": "run/x"}, "is a link, not a plain file"),
        ({"type": tarfile.DIRTYPE}, "not a plain file"),
        ({"type": tarfile.CHRTYPE}, "not a plain file"),
        ({"type": tarfile.GNUTYPE_SPARSE}, "not a plain file"),
        ({"type": tarfile.XHDTYPE}, "not a plain file"),
        ({"name": "../../etc/cron.d/x"}, "is not a safe name"),
        ({"name": "/etc/passwd"}, "is not a safe name"),
        ({"name": "run/a\x1b[2Jb"}, "is not a safe name"),
        ({"uname": "root"}, "header is not as it is written here"),
        ({"mode": 0o4755}, "header is not as it is written here"),
        ({"uid": 1}, "header is not as it is written here"),
    ],
)
def test_what_others_put_into_archives_is_refused_by_name(fields: dict[str, object], why: str) -> None:
    assert why in refused(made_by_others(**fields))


def test_sizes_are_bounded_by_the_archive_itself() -> None:
    header = Member("run/a", 8 << 30, 0)
    with pytest.raises(BadArchive, match="overflow"):
        header.header()
    assert "announced" in refused(Member("run/a", 1 << 32, 0).header() + bytes(4096))


def test_names_are_there_once_and_a_file_is_no_folder() -> None:
    assert "run/a is there twice" in refused(archive({"run/a": b""})[:512] + archive({"run/a": b"x"}))
    assert "is a file and a folder" in refused(archive({"run/a": b"", "run/a/b": b""}))
    assert "is a file and a folder" in refused(archive({"run/a/b": b"", "run/a": b""}))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a//b",
        "../a",
        "a/..",
        "./a",
        "a/.",
        "a\nb",
        "a\\b",
        "-rf",
        "a/~b",
        "a b/ c",
        "$(a)",
        "a\u202eb",
        "a*",
        "a[1]",
    ],
)
def test_unsafe_names(name: str) -> None:
    assert not safe(name)
    with pytest.raises(BadArchive):
        archive({name: b""})


def test_a_file_that_grows_meanwhile_is_refused() -> None:
    with pytest.raises(BadArchive, match="3 bytes came, 2 were announced"):
        write(io.BytesIO(), [(Member("a", 2, 0), [b"ab", b"c"])])
