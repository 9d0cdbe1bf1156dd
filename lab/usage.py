"""What the lab's services use: processor time and memory, in one walk over the process table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import psutil

_ASKED = ("pid", "ppid", "cpu_times", "memory_info")


def by_service(first: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """cpu_s and rss_bytes by service with its children; `first`: PID of each one's first process. Ended ones are left out."""
    table = {process.info["pid"]: process.info for process in psutil.process_iter(_ASKED)}
    children: dict[int, list[int]] = defaultdict(list)
    for pid, info in table.items():
        children[info["ppid"]].append(pid)
    used = {}
    for name, pid in first.items():
        family, more = [], [pid] if pid in table else []
        while more:
            member = more.pop()
            family.append(table[member])
            more += children[member]
        # a process that ends while it is read has None in place of its figures
        whole = [info for info in family if info["cpu_times"] is not None and info["memory_info"] is not None]
        if whole:
            cpu_s = sum(info["cpu_times"].user + info["cpu_times"].system for info in whole)
            used[name] = {"cpu_s": round(cpu_s, 3), "rss_bytes": sum(info["memory_info"].rss for info in whole)}
    return used


def memory_bytes() -> int:
    """Proportional set size of every process of the lab (shared pages counted once). Takes a tenth of a second: ask seldom."""
    total = 0
    for process in psutil.process_iter():
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # ended meanwhile, or a kernel thread's view
    return total
