"""Who contacted whom: the first packets that pass a zone, seen by a filter in the kernel, added up to a small file.

::

    any zone ── veth ── [interface] internet ── routing ── veth ── any zone
                             └── ring of first packets ── contacts.json

A packet is seen as it comes in, before it is routed: a contact to an address that nobody has is seen as well. What a zone says
to itself, and a site to its own monitors, passes no zone between them and is not seen here. Only IPv4: the zones have no route of
IPv6, so nothing of it gets anywhere.

Runs as a process of its own in the zone; writes its file once a second and when it is told to end (SIGTERM).
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SO_ATTACH_FILTER = 26
_SOL_PACKET, _RX_RING, _STATISTICS, _VERSION = 263, 5, 6, 10
_TPACKET_V2 = 1
_ETH_P_IP = 0x0800

# the ring of an interface: at 400 first packets a second, a process that the machine lets wait for five seconds loses none
_FRAME, _FRAMES, _BLOCK = 128, 2048, 1 << 16
_KEPT = 48  # bytes of a packet: an IPv4 header without options, and the ports behind it, with room to spare
_FRAME_HEADER = struct.Struct("IIIHHII")  # status, length, kept, mac, net, seconds, nanoseconds (struct tpacket2_hdr)
_OURS = 1  # status bit: the kernel has filled the frame
_DRAIN_EVERY_S = 0.1
_WRITE_EVERY_NS = 1_000_000_000

TCP, UDP = 6, 17
_NAMES = {TCP: "tcp", UDP: "udp"}

# Classic BPF over the IPv4 header: TCP with SYN and without ACK; UDP but for answers, which go from a port below 1025 to one
# that is not (the zones take their own ports from 1025 on); of fragments only the first; nothing else.
# (code, jump if true, jump if false, operand); https://docs.kernel.org/networking/filter.html
_LDH, _LDB, _LDH_X, _LDB_X, _LDX_IHL, _AND, _JEQ, _JGE, _JSET, _RET = (
    *(0x28, 0x30, 0x48, 0x50, 0xB1, 0x54, 0x15, 0x35, 0x45, 0x06),
)
FILTER = (
    (_LDH, 0, 0, 6),
    (_JSET, 12, 0, 0x1FFF),  # a later fragment: drop
    (_LDX_IHL, 0, 0, 0),
    (_LDB, 0, 0, 9),
    (_JEQ, 0, 3, TCP),
    (_LDB_X, 0, 0, 13),
    (_AND, 0, 0, 0x12),
    (_JEQ, 5, 6, 0x02),  # SYN without ACK: keep
    (_JEQ, 0, 5, UDP),
    (_LDH_X, 0, 0, 0),
    (_JGE, 2, 0, 1025),  # from no service's port: keep
    (_LDH_X, 0, 0, 2),
    (_JGE, 1, 0, 1025),  # from a service's port to another one that is none: an answer
    (_RET, 0, 0, _KEPT),
    (_RET, 0, 0, 0),
)

Key = tuple[str, str, str, int]  # protocol, source, destination, destination port


@dataclass
class Contact:
    """How often, first and last (CLOCK_MONOTONIC, ns)."""

    first_ns: int
    last_ns: int
    count: int = 1


class Tap:
    """The first packets that come in on an interface of this namespace."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, 0)
        self._attach()
        self._socket.setsockopt(_SOL_PACKET, _VERSION, struct.pack("i", _TPACKET_V2))
        size = _FRAME * _FRAMES
        self._socket.setsockopt(_SOL_PACKET, _RX_RING, struct.pack("IIII", _BLOCK, size // _BLOCK, _FRAME, _FRAMES))
        self._ring = mmap.mmap(self._socket.fileno(), size, mmap.MAP_SHARED)
        self._next = 0
        # only now does anything arrive: all of it has passed the filter
        self._socket.bind((interface, _ETH_P_IP))

    def _attach(self) -> None:
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in FILTER))
        whole = struct.pack("HP", len(FILTER), ctypes.addressof(program))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, whole)

    def take(self) -> Iterator[tuple[int, bytes]]:
        """What has come since the last call: when (wall clock, ns) and the packet from its IPv4 header on, shortened."""
        while True:
            at = self._next * _FRAME
            status, _, kept, _, start, seconds, rest = _FRAME_HEADER.unpack_from(self._ring, at)
            if not status & _OURS:
                return
            yield seconds * 1_000_000_000 + rest, self._ring[at + start : at + start + kept]
            struct.pack_into("I", self._ring, at, 0)
            self._next = (self._next + 1) % _FRAMES

    def lost(self) -> int:
        """Packets that found the ring full since the last call."""
        _, lost = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        return int(lost)


def key_of(packet: bytes) -> Key:
    """Of a packet that passed the filter."""
    ports = (packet[0] & 0xF) * 4
    (port,) = struct.unpack_from("!H", packet, ports + 2)
    return _NAMES[packet[9]], socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]), port


class Book:
    """Adds up contacts and writes them down."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.contacts: dict[Key, Contact] = {}
        self.lost = 0

    def enter(self, key: Key, at_ns: int) -> None:
        known = self.contacts.get(key)
        if known is None:
            self.contacts[key] = Contact(at_ns, at_ns)
        else:
            known.last_ns = at_ns
            known.count += 1

    def write(self, until_ns: int) -> None:
        """The whole file, in one step. `until_ns`: everything before is in it."""
        rows = [[*key, each.first_ns, each.last_ns, each.count] for key, each in self.contacts.items()]
        draft = self._file.with_suffix(".part")
        draft.write_text(json.dumps({"until_ns": until_ns, "lost": self.lost, "contacts": rows}))
        os.replace(draft, self._file)


def run(file: Path, interfaces: Sequence[str]) -> None:
    """Record until SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    taps = [Tap(interface) for interface in interfaces]
    book = Book(file)
    print("started", flush=True)
    ending, next_write = False, 0
    while not ending:
        # packets wait in the ring: to be woken by each would cost more than to count them
        ending = signal.sigtimedwait({signal.SIGTERM}, _DRAIN_EVERY_S) is not None
        now = time.monotonic_ns()
        from_wall = now - time.time_ns()
        for tap in taps:
            for at, packet in tap.take():
                book.enter(key_of(packet), at + from_wall)
        if ending or now >= next_write:
            book.lost += sum(tap.lost() for tap in taps)
            book.write(now)
            next_write = now + _WRITE_EVERY_NS


def main(arguments: Sequence[str]) -> None:
    """``python -m lab.net.contacts FILE [INTERFACE…]``; without an interface on all that the zone has now."""
    file, *interfaces = arguments
    run(Path(file), interfaces or [name for _, name in socket.if_nameindex() if name != "lo"])


if __name__ == "__main__":
    main(sys.argv[1:])
