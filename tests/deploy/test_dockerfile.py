"""The image of the services. There is no Docker here: what it copies, installs and starts can be shown, its build cannot."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent.parent
DEPLOY = HOME / "deploy"
TEXT = (DEPLOY / "Dockerfile").read_text()
NAMES = (DEPLOY / "services.txt").read_text().split()
APPLICATIONS = ("lab.vitals.app", "lab.vitals.shown", "lab.analysis.app", "lab.telemetry.app")

Instruction = tuple[str, str]


def stages(text: str) -> list[list[Instruction]]:
    """Instructions of each stage, continuation lines joined."""
    found: list[list[Instruction]] = []
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.M))
    for line in joined.splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            if word == "FROM":
                found.append([])
            found[-1].append((word, " ".join(rest.split())))
    return found


BUILD, LAST = stages(TEXT)


def of(stage: list[Instruction], word: str) -> list[str]:
    return [rest for each, rest in stage if each == word]


def lock_of_services(folder: Path) -> str:
    """What the build picks out of the lock, by its own awk."""
    (run,) = (rest for rest in of(BUILD, "RUN") if "awk" in rest)
    command = run.partition(" && ")[0]
    for source in (HOME / "requirements.lock", DEPLOY / "services.txt"):
        (folder / source.name).write_bytes(source.read_bytes())
    subprocess.run(["sh", "-c", command], cwd=folder, check=True)
    return (folder / "services.lock").read_text()


def test_it_runs_as_an_ordinary_user() -> None:
    (user,) = of(LAST, "USER")
    assert re.fullmatch(r"([1-9]\d+):([1-9]\d+)", user), "a number: Kubernetes cannot see whether a name is root"
    assert LAST[-1][0] == "CMD"
    after = [word for word, _ in LAST[[word for word, _ in LAST].index("USER") :]]
    assert after == ["USER", "ENTRYPOINT", "CMD"]


def test_the_user_is_the_one_of_the_manifests() -> None:
    (user,) = of(LAST, "USER")
    for path in (DEPLOY / "kubernetes/base").rglob("*.yaml"):
        text = path.read_text()
        if "zweitherz-services" in text:
            assert f"runAsUser: {user.partition(':')[0]}\n" in text, path


def test_nothing_can_be_built_or_installed_in_the_last_stage() -> None:
    assert not re.search(r"apt|gcc|build-essential|pip install", " ".join(rest for _, rest in LAST))
    assert any("pip uninstall" in rest for rest in of(LAST, "RUN"))
    assert all("--from=packages" in rest for rest in of(LAST, "COPY"))
    assert all(
        re.fullmatch(r"python:3\.11-slim-bookworm( AS packages)?", rest)
        for s in (BUILD, LAST)
        for rest in of(s, "FROM")
    )


def test_what_is_copied_is_there_and_in_the_context() -> None:
    sources = [source for rest in of(BUILD, "COPY") for source in rest.split()[:-1]]
    assert len(sources) == 6
    rules = (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n")
    taken = [rule[1:] for rule in rules if rule.startswith("!")]
    assert "*" in rules, "everything else is left out"
    for source in sources:
        files = [HOME / source] if (HOME / source).is_file() else sorted((HOME / source).glob("*.py"))
        assert files, source
        for file in files:
            name = str(file.relative_to(HOME))
            assert any(fnmatch.fnmatch(name, rule) for rule in taken), name
    for file in subprocess.run(
        ["git", "ls-files"], cwd=HOME, capture_output=True, text=True, check=True
    ).stdout.split():
        if any(fnmatch.fnmatch(file, rule) for rule in taken):
            assert file.startswith(("lab/", "deploy/services.txt", "requirements.lock")), file


def test_packages_come_by_the_hashes_of_the_lock_and_bring_no_others(tmp_path: Path) -> None:
    text = lock_of_services(tmp_path)
    picked = re.findall(r"^([a-z0-9.-]+)==", text, re.M)
    assert picked == sorted(NAMES)
    for block in re.split(r"^(?=[a-z])", text, flags=re.M)[1:]:
        assert "--hash=sha256:" in block
    (run,) = (rest for rest in of(BUILD, "RUN") if "awk" in rest)
    for flag in ("--require-hashes", "--no-deps", "--only-binary :all:"):
        assert flag in run


def test_the_list_is_what_the_packages_need() -> None:
    """Every requirement of each is on the list as well; nothing is pulled in later."""
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    for name in NAMES:
        for line in requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert needed.name.lower().replace("_", "-") in NAMES, f"{name} needs {needed.name}"


def test_the_services_load_nothing_that_is_not_copied(tmp_path: Path) -> None:
    """With only these packages and only these modules importable, all are imported, and granian starts."""
    for rest in of(BUILD, "COPY"):
        source, target = rest.split()[0], rest.split()[-1]
        if target.startswith("/opt/app/"):
            place = tmp_path / target.removeprefix("/opt/app/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(HOME / source)
    program = f"""
import sys
from importlib.metadata import packages_distributions
own = {{"lab"}} | set(sys.stdlib_module_names)
names = {NAMES!r}
known = {{top for top, who in packages_distributions().items() if any(w.lower().replace("_", "-") in names for w in who)}}
class Closed:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in own | known and not top.startswith(("_", "__editable__")):
            raise ModuleNotFoundError(f"not in the image: {{name}}", name=name)
sys.meta_path.insert(0, Closed())
import granian.cli, uvloop
for name in {APPLICATIONS!r}:
    module = __import__(name, fromlist=["any"])
    assert module.__file__.startswith(sys.argv[1]), module.__file__
print("loaded")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "loaded", done.stderr


def test_a_package_that_is_missing_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "NAMES", [name for name in NAMES if name != "asyncpg"])
    with pytest.raises(AssertionError, match="not in the image: asyncpg"):
        test_the_services_load_nothing_that_is_not_copied(tmp_path)


def test_it_starts_what_the_manifests_give_arguments_to() -> None:
    assert of(LAST, "ENTRYPOINT") == ['["granian"]']
    (told,) = of(LAST, "ENV")
    assert told.startswith("PATH=/opt/services/bin:")
    assert "PYTHONPATH=/opt/app" in told
    assert "PYTHONDONTWRITEBYTECODE=1" in told, "the root file system is read-only"
