"""The user-space wire: links with a delay where the kernel has no netem.

::

    zone ── veth ── [name-a]  wire  [name-b] ── veth ── zone

Frames are read with AF_PACKET from one side, held until due, and sent on the other. Whole GSO frames pass
(PACKET_VNET_HDR), so the cost is per burst, not per 1,500 bytes. A link's delay is constant, so each direction is a
queue in time order and needs no heap. Nothing is dropped unless ordered: all, or a share of the frames of one direction, each
by chance. A burst that passes as one frame is lost as one.

Runs as a process of its own; commands come on standard input, one JSON object a line, each answered by one line:
``{"link": "near", "a_to_b_ms": 4.7, "b_to_a_ms": 4.7}`` or
``{"link": "private", "a_to_b": false, "b_to_a": true}`` or ``{"link": "private", "a_to_b_loss": 0.02, "b_to_a_loss": 0.02}``.
"""

from __future__ import annotations

import json
import random
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence

_SOL_PACKET, _VNET_HDR, _QDISC_BYPASS, _IGNORE_OUTGOING = 263, 15, 20, 23
_ETH_P_ALL = 3
_LONGEST = 10 + 14 + 65_550  # virtio header, Ethernet header, the largest GSO frame
_BATCH = 64  # frames read from one side before the others get their turn
_EARLY_NS = (
    500_000  # epoll waits whole milliseconds: a frame due within half of one goes now, so the error centres on 0
)
_BUFFER = 4 << 20


class Direction:
    """One way of one link: frames read at `rx` leave by `tx` after `delay_ns`."""

    def __init__(self, rx: socket.socket, tx: socket.socket, delay_ns: int) -> None:
        self.rx, self.tx, self.delay_ns = rx, tx, delay_ns
        self.passing, self.loss = True, 0.0
        self.queue: deque[tuple[int, bytes]] = deque()

    def take(self, now: int) -> None:
        """Queue what has arrived."""
        due = now + self.delay_ns
        receive, queue, loss = self.rx.recv, self.queue, self.loss
        for _ in range(_BATCH):
            try:
                frame = receive(_LONGEST)
            except BlockingIOError:
                return
            if self.passing and not (loss and random.random() < loss):  # noqa: S311 - nobody is to be kept from guessing it
                queue.append((due, frame))

    def give(self, now: int) -> int | None:
        """Send what is due; returns when the next frame is, or None."""
        queue, send, horizon = self.queue, self.tx.send, now + _EARLY_NS
        while queue and queue[0][0] <= horizon:
            frame = queue.popleft()[1]
            try:
                send(frame)
            except OSError:
                # the far interface is down: a cut cable loses what was on it
                continue
        return queue[0][0] if queue else None


def packet_socket(interface: str) -> socket.socket:
    """A raw socket on an interface of this namespace that sees frames whole and only incoming ones."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.htons(_ETH_P_ALL))
    for option in (_VNET_HDR, _QDISC_BYPASS, _IGNORE_OUTGOING):
        raw.setsockopt(_SOL_PACKET, option, 1)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    raw.bind((interface, _ETH_P_ALL))
    raw.setblocking(False)
    return raw


def run(delays_ms: dict[str, float]) -> None:
    """Carry frames on these links until standard input closes."""
    links: dict[str, tuple[Direction, Direction]] = {}
    by_fd: dict[int, Direction] = {}
    poll = select.epoll()
    for name, delay in delays_ms.items():
        a, b = packet_socket(f"{name}-a"), packet_socket(f"{name}-b")
        delay_ns = int(delay * 1e6)
        links[name] = (Direction(a, b, delay_ns), Direction(b, a, delay_ns))
        for direction in links[name]:
            by_fd[direction.rx.fileno()] = direction
            poll.register(direction.rx.fileno(), select.EPOLLIN)
    poll.register(sys.stdin.fileno(), select.EPOLLIN)
    directions = list(by_fd.values())
    print(json.dumps({"ok": True, "links": sorted(links)}), flush=True)
    timeout = -1.0
    while True:
        ready = poll.poll(timeout)
        now = time.monotonic_ns()
        for fd, _ in ready:
            if fd in by_fd:
                by_fd[fd].take(now)
            elif not _command(links):
                return
        now = time.monotonic_ns()
        due = [when for direction in directions if (when := direction.give(now)) is not None]
        timeout = max(0.0, (min(due) - now) / 1e9) if due else -1.0


def _command(links: dict[str, tuple[Direction, Direction]]) -> bool:
    line = sys.stdin.readline()
    if not line:
        return False
    order = json.loads(line)
    there, back = links[order["link"]]
    for direction, key in ((there, "a_to_b_ms"), (back, "b_to_a_ms")):
        if key in order:
            direction.delay_ns = int(order[key] * 1e6)
    there.loss, back.loss = order.get("a_to_b_loss", there.loss), order.get("b_to_a_loss", back.loss)
    there.passing = order.get("a_to_b", there.passing)
    back.passing = order.get("b_to_a", back.passing)
    print(json.dumps({"ok": True}), flush=True)
    return True


def main(arguments: Sequence[str]) -> None:
    """``python -m lab.net.wire near=5 middle=20 …``"""
    run({name: float(delay) for name, _, delay in (argument.partition("=") for argument in arguments)})


if __name__ == "__main__":
    main(sys.argv[1:])
