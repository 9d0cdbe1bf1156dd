"""What must not be in the house: hosts of package indexes, paths of a machine, files that nobody can read in one sitting."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
FILES = [
    HOME / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=HOME, capture_output=True, text=True, check=True
    ).stdout.splitlines()
]
TEXTS = [
    path
    for path in FILES
    if path.suffix in (".py", ".md", ".toml", ".lock", ".yaml", ".sh", ".html", "") and path.is_file()
]


def test_the_lock_has_hashes_and_no_address() -> None:
    lock = (HOME / "requirements.lock").read_text()
    assert "://" not in lock
    packages = re.findall(r"^[a-zA-Z0-9._-]+==", lock, re.M)
    assert len(packages) > 80
    assert lock.count("--hash=sha256:") >= len(packages)


def test_no_path_of_a_machine_is_written_down() -> None:
    words = re.compile(r"(?<![\w.])/(?:work|root|home)/\w+")
    assert {path.name: words.findall(path.read_text()) for path in TEXTS if words.search(path.read_text())} == {}


def test_modules_say_what_they_are_for() -> None:
    rooms = ("drill", "dashboards", "loadtests", "chaos", "monitors", "lab", "targets", "results")
    modules = [path for path in FILES if path.suffix == ".py" and path.relative_to(HOME).parts[0] in rooms]
    assert [path.name for path in modules if not path.read_text().lstrip().startswith('"""')] == []
