"""Starts, watches and ends the lab's processes: the Supervisor of `lab.model`, inside the lab's first process.

A site is a network namespace plus a PID namespace of its own. Killing a site is killing the first process of that PID
namespace: the kernel takes all the others with it, in any state, within milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from lab import family
from lab.model import SITES, Completed, Options, Process, ServiceFailed
from lab.net.namespace import FOLDER, socket_in
from lab.precedence import SITE_NICE, nice

_LOOK_AGAIN_S = 0.02
_BACK_OFF_S = (0.2, 0.5, 1.0, 2.0)
_TAIL = 400
_SWITCHED_WITHIN_S = 2.0


@dataclass
class Running:
    """A started process: its order, its handle, how often it had to be started again."""

    spec: Process
    handle: asyncio.subprocess.Process
    pid: int
    restarts: int = 0
    stopping: bool = False
    watcher: asyncio.Task[None] | None = field(default=None, repr=False)


class ZoneSupervisor:
    """See `lab.model.Supervisor`; in addition the first processes of the sites."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.running: dict[str, Running] = {}
        self._sites: dict[str, asyncio.subprocess.Process] = {}
        self._reapers: dict[str, int] = {}
        self._holding: list[asyncio.subprocess.Process] = []
        self._ordered_down: dict[str, Process] = {}
        self._starting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    # sites

    async def open_site(self, site: str) -> None:
        """Make the PID namespace of a site."""
        unshare = await asyncio.create_subprocess_exec(
            *("nsenter", f"--net={FOLDER / site}", "unshare", "--pid", "--fork", "--kill-child"),
            *(sys.executable, "-m", "lab.reaper"),
            stdin=asyncio.subprocess.DEVNULL,
        )
        self._sites[site] = unshare
        self._reapers[site] = await _only_child(unshare)

    def site_alive(self, site: str) -> bool:
        handle = self._sites.get(site)
        return handle is not None and handle.returncode is None

    async def kill_site(self, site: str) -> None:
        """SIGKILL for every process of the site, at once. Nothing is started again. Returns when all are gone."""
        ending = [running for running in self.running.values() if running.spec.zone == site]
        for running in ending:
            running.stopping = True
        handle = self._sites.pop(site, None)
        self._reapers.pop(site, None)
        if handle is not None and handle.returncode is None:
            handle.kill()
            await handle.wait()
        for running in ending:
            _resume(running)
            await running.handle.wait()
            self.running.pop(running.spec.name, None)
        for name in [name for name, spec in self._ordered_down.items() if spec.zone == site]:
            del self._ordered_down[name]  # what the site had is gone: it comes back with the site, or not at all

    # processes

    async def start(self, process: Process) -> None:
        async with self._starting[process.name]:  # whoever comes second wants it to be ready as well
            running = self.running.get(process.name)
            if running is None or running.handle.returncode is not None:
                self._ordered_down.pop(process.name, None)
                await self._launch(process, restarts=0)

    async def stop(self, name: str, within_s: float = 10) -> None:
        running = self.running.pop(name, None)
        if running is None:
            return
        running.stopping = True
        _resume(running)
        with contextlib.suppress(ProcessLookupError):  # it may end by itself in this very moment
            os.kill(running.pid, getattr(signal, f"SIG{running.spec.stop}"))
        try:
            await asyncio.wait_for(running.handle.wait(), within_s)
        except TimeoutError:
            print(f"{name}: killed, it did not end within {within_s:g} s of SIG{running.spec.stop}", flush=True)
            family.kill(running.pid)
            await running.handle.wait()

    async def set_state(self, name: str, state: str) -> None:
        """Bring a process into a state: running, stopped (clean, and not started again), frozen (SIGSTOP: it hangs).

        Raises ServiceFailed for a process that there is not.
        """
        running = self.running.get(name)
        if running is None and name not in self._ordered_down:
            raise ServiceFailed(f"process {name!r}: there are {', '.join(sorted(self.running))}")
        if state == "running":
            if running is not None:
                _resume(running)
            elif spec := self._ordered_down.pop(name, None):
                await self.start(spec)
        elif running is not None and state == "frozen":
            family.send(running.pid, signal.SIGSTOP)
        elif running is not None and state == "stopped":
            self._ordered_down[name] = running.spec
            await self.stop(name)
        deadline = time.monotonic() + _SWITCHED_WITHIN_S
        while self.state(name) != state and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_AGAIN_S)  # a signal is on its way until its process has had its turn

    async def run_all(self) -> list[str]:
        """Let every process run that was stopped or frozen on order; their names. Raises ServiceFailed."""
        waiting = [*self._ordered_down, *(name for name in self.running if self.state(name) == "frozen")]
        for name in waiting:
            await self.set_state(name, "running")
        return waiting

    async def kill(self, name: str, *, again: bool = True) -> int:
        """SIGKILL for a process and its children, as the kernel does when memory ends; what is to be started again, is.

        Without `again` nothing starts it but who has it started: no `run_all` does.
        Returns its PID when all of them are gone. Raises ServiceFailed for a process that does not run.
        """
        running = self.running.get(name)
        if running is None or running.handle.returncode is not None:
            raise ServiceFailed(f"process {name!r}: it does not run; there are {', '.join(sorted(self.running))}")
        if not (again and running.spec.restart):
            running.stopping = True
            if again:
                self._ordered_down[name] = running.spec
            self.running.pop(name)
        members = family.kill(running.pid)
        await running.handle.wait()
        # a child that is still dying still takes connections, and drops them
        while any(map(family.lives, members)):
            await asyncio.sleep(_LOOK_AGAIN_S)
        return running.pid

    def pid(self, name: str) -> int | None:
        """Of a process that runs."""
        running = self.running.get(name)
        return running.pid if running is not None and running.handle.returncode is None else None

    def reload(self, name: str) -> bool:
        """Have a process read its configuration again (SIGHUP). False where it does not run."""
        running = self.running.get(name)
        if running is None or running.handle.returncode is not None:
            return False
        os.kill(running.pid, signal.SIGHUP)
        return True

    def state(self, name: str) -> str:
        """As the process table shows it: running, frozen, or stopped."""
        running = self.running.get(name)
        members = family.family(running.pid) if running is not None else []
        states = {member.status() for member in members if member.is_running()} - {psutil.STATUS_ZOMBIE}
        if not states:
            return "stopped"
        return "frozen" if states == {psutil.STATUS_STOPPED} else "running"

    async def run(
        self,
        zone: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        within_s: float = 30,
        check: bool = True,
    ) -> Completed:
        handle = await asyncio.create_subprocess_exec(
            *self._enter(zone),
            *argv,
            env=_clean_environment(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(handle.communicate(), within_s)
        except TimeoutError:
            family.kill(handle.pid)
            await handle.wait()
            raise ServiceFailed(f"{zone}: {Path(argv[0]).name} did not end within {within_s:g} s") from None
        done = Completed(handle.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))
        if check and done.code:
            said = " ".join((done.stderr or done.stdout).split())[-_TAIL:]
            raise ServiceFailed(f"{zone}: {Path(argv[0]).name} exited with {done.code}: {said}")
        return done

    async def stop_all(self, within_s: float = 8) -> None:
        """Stop every process cleanly, all at once."""
        await asyncio.gather(*(self.stop(name, within_s) for name in list(self.running)))

    async def holders(self, zones: Sequence[str]) -> dict[str, int]:
        """One sleeping process in each of these zones' networks, so that others can enter by its PID.

        In a site it stands outside the site's processes: who enters by it loses the network with the site, and lives.
        """
        pids = {}
        for zone in zones:
            handle = await asyncio.create_subprocess_exec(
                *("nsenter", f"--net={FOLDER / zone}", "--", "sleep", "infinity"), stdin=asyncio.subprocess.DEVNULL
            )
            self._holding.append(handle)
            pids[zone] = handle.pid
        return pids

    def log(self, name: str) -> Path:
        zone, _, service = name.partition("/")
        return self.options.folder("logs", zone) / f"{service}.log"

    # inside

    def _enter(self, zone: str) -> list[str]:
        enter = ["nsenter", f"--net={FOLDER / zone}"]
        if zone in SITES:
            if zone not in self._reapers:
                raise ServiceFailed(f"site {zone}: it is down")
            enter.append(f"--pid=/proc/{self._reapers[zone]}/ns/pid")
        return [*enter, "--"]

    async def _launch(self, spec: Process, restarts: int) -> None:
        log = self.log(spec.name)
        with log.open("ab") as out:
            mark = out.tell()  # before the start: the program shares this position and moves it
            handle = await asyncio.create_subprocess_exec(
                *self._enter(spec.zone),
                *nice(max(spec.nice, SITE_NICE if spec.zone in SITES else 0)),
                *spec.argv,
                env=_clean_environment(spec.env),
                cwd=spec.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        # `nsenter --pid` stays as a parent and waits; signals are for the program itself
        pid = await _only_child(handle) if spec.zone in SITES else handle.pid
        running = Running(spec, handle, pid, restarts)
        self.running[spec.name] = running
        running.watcher = asyncio.create_task(self._watch(running))
        await self._await_ready(running, mark)

    async def _await_ready(self, running: Running, mark: int) -> None:
        spec, deadline = running.spec, time.monotonic() + running.spec.ready.within_s
        while not await self._is_ready(spec, mark):
            if running.handle.returncode is not None:
                raise ServiceFailed(
                    f"{spec.name}: ended with code {running.handle.returncode} before it was ready: {self._tail(spec)}"
                )
            if time.monotonic() > deadline:
                raise ServiceFailed(f"{spec.name}: not ready after {spec.ready.within_s:g} s: {self._tail(spec)}")
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def _is_ready(self, spec: Process, mark: int) -> bool:
        ready = spec.ready
        if ready.tcp is not None and not await _accepts(spec.zone, ready.tcp):
            return False
        if ready.log_line is not None:
            with self.log(spec.name).open("rb") as log:
                log.seek(mark)
                if ready.log_line.encode() not in log.read():
                    return False
        if ready.command is not None:
            done = await self.run(spec.zone, ready.command, env=spec.env, check=False, within_s=ready.within_s)
            return done.code == 0
        return True

    async def _watch(self, running: Running) -> None:
        code = await running.handle.wait()
        if running.stopping or not running.spec.restart:
            return
        pause = _BACK_OFF_S[min(running.restarts, len(_BACK_OFF_S) - 1)]
        print(f"{running.spec.name}: ended with code {code}, started again in {pause} s", flush=True)
        await asyncio.sleep(pause)
        if not running.stopping and self.running.get(running.spec.name) is running:
            try:
                await self._launch(running.spec, running.restarts + 1)
            except ServiceFailed as error:
                print(f"{error}", flush=True)

    def _tail(self, spec: Process) -> str:
        return " ".join(self.log(spec.name).read_text(errors="replace").split())[-_TAIL:]


async def _only_child(handle: asyncio.subprocess.Process) -> int:
    """PID of the one child of `handle`, awaited."""
    children = Path(f"/proc/{handle.pid}/task/{handle.pid}/children")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and handle.returncode is None:
        with contextlib.suppress(FileNotFoundError):  # it has just ended; the loop's condition says so next
            if first := children.read_text().split():
                return int(first[0])
        await asyncio.sleep(0.002)
    raise ServiceFailed(f"process {handle.pid} ended with code {handle.returncode} before it had a child")


async def _accepts(zone: str, address: tuple[str, int]) -> bool:
    with socket_in(zone) as probe:
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(probe, address), 1)
        except OSError:
            return False
    return True


def _resume(running: Running) -> None:
    """`nsenter` stops itself with its child, and would then neither see its end nor end itself: both go on."""
    for pid in (running.handle.pid, running.pid):
        family.send(pid, signal.SIGCONT)


def _clean_environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """A small environment that no setting of the caller leaks into."""
    path = os.pathsep.join(
        dict.fromkeys([str(Path(sys.executable).parent), *os.defpath.split(os.pathsep), "/usr/sbin"])
    )
    plain = {"PATH": path, "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUNBUFFERED": "1"}
    if shutil.which("nsenter", path=path) is None:
        plain["PATH"] = os.environ.get("PATH", path)
    return plain | dict(more or {})
