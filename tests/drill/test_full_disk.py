"""A disk that is full, before and during a drill. The disk is a small tmpfs in a mount namespace of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent


def on_a_small_disk(
    folder: Path, megabytes: int, *arguments: str, results: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run zweitherz where `folder` is a disk of that size."""
    folder.mkdir()
    script = f'mount -t tmpfs -o size={megabytes}m none "{folder}" && exec "$@"'
    return subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"),
            *(sys.executable, "-m", "drill.cli", *arguments),
        ],
        capture_output=True,
        text=True,
        cwd=HOME,
        env={**os.environ, "ZWEITHERZ_RESULTS": results or str(folder.parent / "results")},
        timeout=120,
        check=False,
    )


def test_a_lab_is_not_begun_on_a_disk_that_is_too_small(tmp_path: Path) -> None:
    done = on_a_small_disk(tmp_path / "disk", 50, "lab", "up", "--state", str(tmp_path / "disk" / "lab"))
    assert done.returncode == 64
    assert len(done.stderr.strip().splitlines()) == 1
    assert "MiB free, 300 MiB needed" in done.stderr


def test_a_drill_is_not_begun_where_its_evidence_would_not_fit(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    done = on_a_small_disk(disk, 20, "drill", "--quick", "--plain", results=str(disk / "results"))
    assert done.returncode == 64
    assert len(done.stderr.strip().splitlines()) == 1
    assert "20 MiB free" in done.stderr
    assert "needed for the evidence" in done.stderr
