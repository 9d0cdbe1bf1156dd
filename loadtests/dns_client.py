"""Asks resolvers over UDP without blocking: one query per connection, as the clients of each class would."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

_TRIES = 3
_PATIENCE_NS = 1_000_000_000
_LONGEST = 4096


@dataclass(slots=True)
class Question:
    """A query on its way. `done(address, ttl, rcode)` is called once; address "" where there is none."""

    done: Callable[[str, int, str], None]
    deadline_ns: int
    tries: int = 1


class ResolverClient:
    """One socket to one resolver from one source address. The caller watches `fileno` and calls `receive`, `expire`."""

    def __init__(self, name: str, server: tuple[str, int], source: str | None) -> None:
        self._wire = dns.message.make_query(name, dns.rdatatype.A).to_wire()[2:]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if source:
            self._socket.bind((source, 0))
        self._socket.connect(server)
        self._open: dict[int, Question] = {}
        self._random = random.SystemRandom()  # query ids must not be guessable (RFC 5452)

    def fileno(self) -> int:
        return self._socket.fileno()

    def ask(self, now_ns: int, done: Callable[[str, int, str], None]) -> None:
        number = self._random.getrandbits(16)
        while number in self._open:
            number = self._random.getrandbits(16)
        self._open[number] = Question(done, now_ns + _PATIENCE_NS)
        self._send(number)

    def receive(self) -> None:
        """Take every answer that has arrived."""
        while True:
            try:
                data = self._socket.recv(_LONGEST)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error for an earlier query: that one will expire
            question = self._open.pop(int.from_bytes(data[:2], "big"), None)
            if question is not None:
                question.done(*_read(data[2:]))

    def expire(self, now_ns: int) -> None:
        """Ask again what was not answered in time; give up after three times. Oldest first: times only grow."""
        for number, question in list(self._open.items()):
            if question.deadline_ns > now_ns:
                break
            del self._open[number]
            if question.tries == _TRIES:
                question.done("", 0, "timeout")
            else:
                self._open[number] = Question(question.done, now_ns + _PATIENCE_NS, question.tries + 1)
                self._send(number)

    def close(self) -> None:
        self._socket.close()

    def _send(self, number: int) -> None:
        try:
            self._socket.send(number.to_bytes(2, "big") + self._wire)
        except OSError:
            return  # no route or full buffer: asked again when it expires


@lru_cache(maxsize=512)
def _read(data: bytes) -> tuple[str, int, str]:
    """Address, TTL, rcode of an answer without its id. Remembered: a resolver gives the same few answers for seconds."""
    try:
        message = dns.message.from_wire(b"\0\0" + data)
    except (dns.exception.DNSException, ValueError):
        return "", 0, "malformed"
    for records in message.answer:
        if records.rdtype == dns.rdatatype.A:
            return str(records[0].address), records.ttl, dns.rcode.to_text(message.rcode())
    return "", 0, dns.rcode.to_text(message.rcode())
