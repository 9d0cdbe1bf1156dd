"""Nothing outlives a lab, and what cannot work is refused in one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from lab import launch
from lab.defects import UnknownDefect
from lab.model import Options
from tests.lab.running import RunningLab, eventually

pytestmark = pytest.mark.lab

_BRING_UP = """
import sys, time
from pathlib import Path
from lab import launch
from lab.model import Options
print(launch.up(Options(state=Path(sys.argv[1])), die_with_caller=True).pid, flush=True)
time.sleep(600)
"""


def family(pid: int) -> list[psutil.Process]:
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def test_nothing_outlives_a_lab_that_is_killed(state: Path) -> None:
    up = launch.up(Options(state=state))
    members = family(up.pid)
    spaces = {os.readlink(f"/proc/{member.pid}/ns/net") for member in members[1:]}
    assert len(members) > 20
    assert len(spaces) > 3
    os.kill(up.pid, signal.SIGKILL)
    eventually(lambda: gone(members))
    eventually(lambda: not launch.is_up(state))
    left = {os.readlink(p / "ns/net") for p in Path("/proc").iterdir() if p.name.isdigit() and readable(p / "ns/net")}
    assert not spaces & left
    mounts = Path("/proc/self/mounts").read_text()
    assert str(state) not in mounts


def readable(link: Path) -> bool:
    try:
        os.readlink(link)
    except OSError:
        return False
    return True


def test_a_lab_ends_with_its_caller_even_when_that_is_killed(state: Path) -> None:
    caller = subprocess.Popen([sys.executable, "-c", _BRING_UP, str(state)], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    members = family(int(caller.stdout.readline()))
    caller.kill()
    caller.wait()
    eventually(lambda: gone(members))
    caller.stdout.close()


def test_a_second_lab_in_the_same_folder_is_refused_and_the_first_lives_on(lab: RunningLab) -> None:
    with pytest.raises(launch.LabError, match="already up"):
        launch.up(Options(state=lab.folder))
    assert lab.control.call("status")["sites"]["fra"]["alive"]


def test_secrets_are_for_their_owner_only(lab: RunningLab) -> None:
    files = [path for path in (lab.folder / "secrets").rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert {folder.stat().st_mode & 0o777 for folder in {file.parent for file in files}} == {0o700}
    words = [file.read_text().strip() for file in files]
    shown = " ".join(" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    logs = "".join(path.read_text(errors="replace") for path in (lab.folder / "logs").rglob("*.log"))
    assert not any(word in shown or word in logs for word in words)


def test_distances_are_measured_and_in_their_order(lab: RunningLab) -> None:
    delays = lab.control.call("status")["links"]["delays"]
    for delay in delays.values():
        assert delay["asked_ms"] / 2 <= delay["set_ms"] <= delay["asked_ms"] * 1.5
        assert delay["measured_ms"] >= delay["asked_ms"] / 2  # on a busy machine there is no bound above
    assert delays["near"]["measured_ms"] < delays["middle"]["measured_ms"] < delays["far"]["measured_ms"]


def test_a_service_that_dies_is_started_again(lab: RunningLab) -> None:
    def balancer() -> dict[str, int]:
        services = lab.control.call("services", site="gra")["services"]
        return next(service for service in services if service["name"] == "gra/haproxy")

    init = next(p for p in family(lab.up.pid) if "lab.init" in " ".join(p.cmdline()) and p.pid != lab.up.pid)
    inner = balancer()["pid"]
    victim = next(p for p in init.children(recursive=True) if inner_pid(p.pid) == inner)
    victim.kill()
    eventually(lambda: balancer()["restarts"] == 1 and balancer()["running"])


def inner_pid(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("NSpid"))
    numbers = line.split()[1:]
    return int(numbers[1]) if len(numbers) > 1 else 0


def test_an_unknown_defect_is_refused_with_the_nearest_name(state: Path) -> None:
    with pytest.raises(UnknownDefect, match="did you mean slow-survivor"):
        launch.up(Options(state=state, defect="slow-survivr"))


def test_a_state_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(launch.LabError, match="state folder"):
        launch.up(Options(state=tmp_path / "file" / "lab"))


def test_a_machine_without_user_namespaces_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """The limit is set in a user namespace of the test's own, and holds for what is inside."""
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    command = [sys.executable, "-m", "drill.cli", "lab", "up", "--state", str(tmp_path / "lab")]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", *command],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parent.parent.parent,
        timeout=60,
        check=False,
    )
    assert done.returncode == 64
    assert len(done.stderr.strip().splitlines()) == 1
    assert "user namespaces do not work here" in done.stderr
    assert "remedy: sysctl" in done.stderr


def test_no_connection_leaves_from_a_port_where_a_service_listens(lab: RunningLab) -> None:
    """A service would not start while one does, and a lab has hundreds of connections when its last service starts."""
    kept = lab.inside("fra", "cat", "/proc/sys/net/ipv4/ip_local_reserved_ports")
    spans = [tuple(int(port) for port in span.split("-")) for span in kept.split(",")]
    listening = lab.inside("fra", "cat", "/proc/net/tcp").splitlines()[1:]
    ports = {int(line.split()[1].split(":")[1], 16) for line in listening if line.split()[3] == "0A"}
    assert len(ports) > 5
    assert all(port < 1025 or any(span[0] <= port <= span[-1] for span in spans) for port in ports), ports
