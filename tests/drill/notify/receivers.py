"""Real receivers on the loopback: an HTTPS server and a mail server. Both behave as a test says, one answer after the other."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

HANG = -1  # in place of a status: never answers


class _Receiver:
    """`answers`: statuses, each for one request; the last one for all that follow."""

    server: socketserver.BaseServer

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.ending = threading.Event()

    def next_answer(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def __enter__(self) -> Any:  # the receiver itself
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


class Web(_Receiver):
    """Takes POSTs; `asked` holds path, headers, body of each. `headers` go with every answer."""

    def __init__(self, pem: Path, *answers: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(*(answers or (200,)))
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.headers = headers or {}
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ours.asked.append((self.path, dict(self.headers), body))
                if (status := ours.next_answer()) == HANG:
                    ours.ending.wait(30)
                    return
                self.send_response(status)
                for name, value in ours.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_port


class MailServer(_Receiver):
    """Takes messages by SMTP; `got` holds sender, recipients and text of each, `logins` what was logged in with.

    `tls`: from the first byte; else STARTTLS is offered unless `plain`. Each answer is that to one message (250 accepts it).
    """

    def __init__(self, pem: Path, *answers: int, tls: bool = False, plain: bool = False) -> None:
        super().__init__(*(answers or (250,)))
        self.got: list[tuple[str, list[str], str]] = []
        self.logins: list[str] = []
        self.connections = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        ours = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                ours.connections += 1
                try:
                    _Session(ours, self.request, context, tls, plain).talk()
                except OSError:
                    return  # the caller hung up

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])


class _Session:
    """One connection: RFC 5321 as far as a client that behaves needs it."""

    def __init__(self, ours: MailServer, wire: Any, context: ssl.SSLContext, tls: bool, plain: bool) -> None:
        self.ours, self.context, self.plain = ours, context, plain
        self.secure = tls
        self._use(context.wrap_socket(wire, server_side=True) if tls else wire)
        self.sender, self.to = "", []

    def _use(self, wire: Any) -> None:
        self.wire = wire
        self.lines = wire.makefile("rb")

    def say(self, text: str) -> None:
        self.wire.sendall(text.encode() + b"\r\n")

    def talk(self) -> None:
        if self.ours.answers[0] == HANG:
            self.ours.ending.wait(30)
            return
        self.say("220 mail.test")
        while line := self.lines.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb == "QUIT":
                self.say("221 bye")
                return
            getattr(self, f"on_{verb.lower()}", self.on_unknown)(rest)

    def on_unknown(self, _: str) -> None:
        self.say("500 what")

    def on_ehlo(self, _: str) -> None:
        offers = [
            "mail.test",
            *(["AUTH PLAIN"] if self.secure else []),
            *([] if self.secure or self.plain else ["STARTTLS"]),
        ]
        for offer in offers[:-1]:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1]}")

    def on_starttls(self, _: str) -> None:
        self.say("220 go on")
        self._use(self.context.wrap_socket(self.wire, server_side=True))
        self.secure = True

    def on_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        self.ours.logins.append(f"{user}:{password}")
        self.say("235 welcome" if password == "right" else f"535 not {password}")  # noqa: S105 - of this test

    def on_mail(self, rest: str) -> None:
        self.sender, self.to = rest.partition("<")[2].partition(">")[0], []
        self.say("250 ok")

    def on_rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if address.startswith("unknown"):
            self.say("550 unknown")
        else:
            self.to.append(address)
            self.say("250 ok")

    def on_rset(self, _: str) -> None:
        self.say("250 ok")

    def on_data(self, _: str) -> None:
        self.say("354 go on")
        text = []
        while (line := self.lines.readline().decode()) not in (".\r\n", ""):
            text.append(line)
        if (answer := self.ours.next_answer()) == 250:
            self.ours.got.append((self.sender, self.to, "".join(text)))
        self.say(f"{answer} so be it")
