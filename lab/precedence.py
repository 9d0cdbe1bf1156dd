"""Who gives way where processor time is short.

One machine stands for many here. The load generator must keep its schedule, or nothing is measured, so the lab gives way to it;
inside the lab the sites give way to the links between them, and what watches gives way to the product (`nice` of its processes).
A kernel with autogroups weighs sessions against each other, and nice values count within a session only (sched(7)): so a session
is given its value as a whole as well, where there is such a thing.
"""

from __future__ import annotations

from pathlib import Path

# with 5 the generator's lag was 30 ms at 400 uploads/s on two cores of a slow day, with 10 it was 14 ms; latency was the same
LAB_NICE, SITE_NICE, WATCHERS_NICE = 10, 4, 12


def nice(value: int) -> tuple[str, ...]:
    """Command prefix for a process that gives way so far, beyond its parent."""
    return ("nice", "-n", str(value))


def weigh_session(pid: int, value: int) -> None:
    """Let the session that this process leads give way so far. Best effort: it changes who waits, and nothing else."""
    group = Path(f"/proc/{pid}/autogroup")
    try:
        group.write_text(str(value))
    except OSError:
        return  # no autogroups here, or (ordinary users) another session was given a value less than a tenth of a second ago
