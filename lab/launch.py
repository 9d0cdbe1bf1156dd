"""Brings a lab up and down from outside: the only code that runs on the host's side of the namespaces.

::

    caller ── unshare (user, net, pid, mount; kills its child when it dies) ── lab.init (PID 1) ── everything else

When `unshare` or `lab.init` ends, in any way, the kernel ends all that is left inside, and with it every namespace,
mount and port. The lab holds a lock on its state folder as long as it lives.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lab import gate, servers
from lab.defects import check_defect
from lab.describe import describe
from lab.kubernetes import kubeconfig
from lab.model import SITES, Options
from lab.precedence import LAB_NICE, nice, weigh_session
from targets.lab_control import LabControl, LabRefused, LabUnreachable
from targets.model import Target

_LOCK = "lab.lock"
_RECORD = "lab.json"
ENOUGH_BYTES = 300 << 20
_DOWN_WITHIN_S = 20
NAMESPACE_REMEDY = (
    "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000, "
    "on Ubuntu 24.04 also kernel.apparmor_restrict_unprivileged_userns=0"
)


class LabError(RuntimeError):
    """The lab cannot be brought up or down; one line says why and what helps."""


@dataclass(frozen=True)
class Up:
    """A lab that is up. `gates` are ports on 127.0.0.1 of the host that lead to a balancer: "fra", "tools-fra", …"""

    target: Path
    pid: int
    gates: dict[str, int]
    up_s: float


def up(options: Options, *, within_s: float = 60, die_with_caller: bool = False) -> Up:
    """Bring the lab up and describe it in ``<state>/target.yaml``.

    With `die_with_caller` the lab ends when this process does, however that happens. Raises LabError.
    """
    options = _checked(options)
    state = options.state
    lock = _lock(state)
    try:
        return _launch(options, lock, within_s, die_with_caller=die_with_caller)
    except BaseException:
        os.close(lock)
        lock = -1
        _await(lambda: not is_up(state), _DOWN_WITHIN_S)  # the kernel is still taking the lab's processes down
        raise
    finally:
        if lock >= 0:
            os.close(lock)  # the lab has inherited its own reference


def is_up(state: Path) -> bool:
    """True while a lab holds the lock of that state folder."""
    path = state / _LOCK
    if not path.exists():
        return False
    with path.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def down(state: Path) -> bool:
    """End the lab cleanly, or by force after a while. False when none was up. Raises LabError."""
    if not is_up(state):
        return False
    record = _read_record(state)
    pid = int(record["pid"])
    with contextlib.suppress(LabUnreachable, LabRefused):  # a lab that does not answer is ended by force below
        LabControl(state / "control.sock", timeout_s=5).call("shutdown")
        _await(lambda: not is_up(state), _DOWN_WITHIN_S)
    if is_up(state) and _started(pid) == record["started"]:
        with contextlib.suppress(ProcessLookupError):  # ended in between
            os.kill(pid, signal.SIGKILL)  # `unshare` ignores SIGTERM
    if not _await(lambda: not is_up(state), _DOWN_WITHIN_S):
        raise LabError(f"lab in {state}: still up {_DOWN_WITHIN_S} s after it was killed (process {pid})")
    return True


def user_namespaces_work() -> str | None:
    """None when they do, else what the system said."""
    done = subprocess.run([*unshare(), "true"], capture_output=True, text=True, timeout=20, check=False)
    return None if done.returncode == 0 else (done.stderr.strip() or f"exit code {done.returncode}")


def _checked(options: Options) -> Options:
    check_defect(options.defect)
    for program in ("unshare", "nsenter", "mount"):
        if shutil.which(program) is None:
            raise LabError(f"{program}: not found; install the package util-linux (or mount)")
    if said := user_namespaces_work():
        raise LabError(f"user namespaces do not work here ({said}); remedy: {NAMESPACE_REMEDY}")
    try:
        servers.fetch()
        options.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except servers.MissingServer as error:
        raise LabError(str(error)) from error
    except OSError as error:
        raise LabError(f"state folder {options.state}: {error.strerror}") from error
    free = shutil.disk_usage(options.state).free
    if free < ENOUGH_BYTES:
        raise LabError(
            f"disk of {options.state}: {free >> 20} MiB free, {ENOUGH_BYTES >> 20} MiB needed; free some or use --state"
        )
    changed: dict[str, Any] = {"state": options.state.resolve()}
    if options.defect == "lose-last-second":
        changed["replication"] = "async"  # the defect *is* the rolling disaster on asynchronous replication
    return Options(**{**asdict(options), **changed})


def _lock(state: Path) -> int:
    try:
        lock = os.open(state / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LabError(f"state folder {state}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise LabError(f"a lab is already up in {state}: end it with 'lab down', or use another --state") from None
    return lock


def _launch(options: Options, lock: int, within_s: float, *, die_with_caller: bool) -> Up:
    state = options.state
    for stale in ("control.sock", "target.yaml", kubeconfig.NAME, _RECORD):
        (state / stale).unlink(missing_ok=True)
    doors = [*gate.gates(options), *(map(gate.kubernetes_gate, SITES) if options.kubernetes else ())]
    listeners = {name: _listener() for name in doors}
    ports = {name: listener.getsockname()[1] for name, listener in listeners.items()}
    ready_read, ready_write = os.pipe2(os.O_CLOEXEC)
    lifeline_read, _lifeline_write = os.pipe2(os.O_CLOEXEC) if die_with_caller else (None, None)
    order = {
        "options": {**asdict(options), "state": str(state)},
        "ready": ready_write,
        "gates": {name: listener.fileno() for name, listener in listeners.items()},
        "lifeline": lifeline_read,
    }
    passed = [lock, ready_write, *(listener.fileno() for listener in listeners.values())]
    if lifeline_read is not None:
        passed.append(lifeline_read)
    (state / "logs").mkdir(exist_ok=True)
    with (state / "logs" / "init.log").open("wb") as log:
        process = subprocess.Popen(
            [*nice(LAB_NICE), *unshare(), sys.executable, "-m", "lab.init", json.dumps(order)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=passed,
            start_new_session=True,
        )
    weigh_session(process.pid, LAB_NICE)
    os.close(ready_write)
    if lifeline_read is not None:
        os.close(lifeline_read)  # the writing end stays open in this process: its end is the lab's end
    for listener in listeners.values():
        listener.close()
    answer = _answer(ready_read, process, state, within_s)
    record = {"pid": process.pid, "started": _started(process.pid), "gates": ports}
    _write(state / _RECORD, json.dumps(record))
    if options.kubernetes:
        kubeconfig.write(state, {site: ports[gate.kubernetes_gate(site)] for site in SITES})
    pids = _pids_on_the_host(process.pid, answer["holders"])
    target = _describe(options, pids)
    return Up(target, process.pid, ports, float(answer["up_s"]))


def _answer(ready: int, process: subprocess.Popen[bytes], state: Path, within_s: float) -> dict[str, Any]:
    """The lab's one line. On any failure the lab is gone before LabError is raised."""
    with open(ready, "rb") as lines:
        told, _, _ = select.select([lines], [], [], within_s)
        line = lines.readline() if told else b""
    if line:
        answer: dict[str, Any] = json.loads(line)
        if answer["ok"]:
            return answer
        why = answer["error"]
    elif told:
        why = "it ended early: " + " ".join((state / "logs/init.log").read_text(errors="replace").split())[-400:]
    else:
        why = f"not ready after {within_s:g} s"
    process.kill()
    process.wait(10)
    raise LabError(f"lab: {why} (logs: {state / 'logs'})")


def unshare() -> list[str]:
    """PostgreSQL refuses root, so root is mapped to an ordinary number; an ordinary user stays who he is."""
    who = ["--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else ["--map-current-user"]
    return [
        *("unshare", "--user", *who, "--keep-caps"),
        *("--net", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--"),
    ]


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener


def _pids_on_the_host(unshare: int, inner: dict[str, int]) -> dict[str, int]:
    """Translate PIDs of the lab's namespace into the host's, by the NSpid lines of the lab's processes."""
    init = int(Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()[0])
    space = os.readlink(f"/proc/{init}/ns/pid")
    outer: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if os.readlink(folder / "ns/pid") != space:
                continue
            line = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("NSpid:"))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EACCES, errno.ESRCH, errno.EPERM):
                raise
            continue  # ended meanwhile, or somebody else's
        outer[int(line.split()[-1])] = int(folder.name)
    return {zone: outer[pid] for zone, pid in inner.items()}


def _describe(options: Options, pids: dict[str, int]) -> Path:
    whole = describe(options)
    whole["vantage"] = {
        zone: ["nsenter", "--preserve-credentials", "--user", "--net", f"--target={pid}", "--"]
        for zone, pid in pids.items()
    }
    whole["control"] = str(options.state / "control.sock")
    Target.model_validate(whole)
    path = options.state / "target.yaml"
    draft = path.with_suffix(".part")
    with draft.open("w", encoding="utf-8") as out:
        YAML().dump(whole, out)
    draft.rename(path)
    return path


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".part")
    draft.write_text(text, encoding="utf-8")
    draft.rename(path)


def _read_record(state: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((state / _RECORD).read_text())
    except (OSError, ValueError) as error:
        raise LabError(f"lab in {state}: it is up, but {_RECORD} is missing or damaged; it may be coming up") from error
    return record


def _started(pid: int) -> str:
    """Start time of a process, which tells it from a later one with the same PID. Empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _await(condition: Any, within_s: float) -> bool:  # a callable without arguments
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
