"""The servers of the lab where they cannot be had: one line, exit 64."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import servers


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which no server is installed and none was unpacked; returns an empty folder of programs."""
    monkeypatch.setenv("ZWEITHERZ_IGNORE_INSTALLED", "1")
    monkeypatch.setattr(servers, "CACHE", tmp_path / "servers")
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    servers._find.cache_clear()
    yield programs
    servers._find.cache_clear()


def test_without_apt_one_line_says_what_to_install(nothing_installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert servers.main() == 64
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert (
        "no apt on this machine: install haproxy knot postgresql prometheus prometheus-alertmanager "
        "prometheus-postgres-exporter unbound" in said[0]
    )


def test_what_apt_says_is_handed_on_in_one_line(nothing_installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (
        ("apt-get", "#!/bin/sh\necho 'E: Failed to fetch: no network' >&2\nexit 100\n"),
        ("dpkg", "#!/bin/sh\n"),
    ):
        (nothing_installed / name).write_text(text)
        (nothing_installed / name).chmod(0o755)
    assert servers.main() == 64
    said = capsys.readouterr().err.strip().splitlines()
    assert said[0].startswith("servers: fetching")
    assert said[-1] == "servers: apt-get could not download update: E: Failed to fetch: no network"
    assert not servers.CACHE.exists(), "nothing half done is left"


def test_a_program_that_is_missing_is_named_with_its_package(nothing_installed: Path) -> None:
    with pytest.raises(servers.MissingServer, match="knotd: not found; run 'make setup', or install the package knot"):
        servers.program("knotd")


def test_a_browser_is_fetched_only_when_asked_for(nothing_installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not {server.program for server in servers.BROWSER} & {server.program for server in servers.SERVERS}
    assert servers.main(["chromium"]) == 64
    assert (
        "no apt on this machine: install chromium (missing: chromium), then run this again" in capsys.readouterr().err
    )
    with pytest.raises(servers.MissingServer, match=r"run .python -m lab\.servers chromium., or install"):
        servers.program("chromium")


def test_a_browser_is_unpacked_apart_from_the_servers(nothing_installed: Path) -> None:
    apart = servers.CACHE.with_name("browser")
    program = apart / "usr/lib/chromium/chromium"
    library = apart / "usr/lib/x86_64-linux-gnu/libexample.so.1"
    for path in (program, library):
        path.parent.mkdir(parents=True)
        path.touch(0o755)
    (apart / "fonts.conf").touch()
    assert servers.program("chromium") == program
    assert servers.environment("chromium") == {
        "LD_LIBRARY_PATH": str(library.parent),
        "FONTCONFIG_FILE": str(apart / "fonts.conf"),
    }
    assert servers.environment() == {}, "the lab's servers never load a browser's libraries"


def test_an_unknown_program_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert servers.main(["firefox"]) == 64
    assert capsys.readouterr().err.startswith("servers: firefox: unknown; there are postgres, ")
