"""Serves metrics from a thread of its own, as `prometheus_client.start_http_server` does, but without its look-up.

The client library's server asks the system's resolver for the name of the address it listens on. Where monitors stand, that
resolver is not theirs: the question would leave for an address that nobody declared, and hold the start up until it times out.
"""

from __future__ import annotations

import socketserver
import ssl
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer


class _Server(ThreadingWSGIServer):
    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "", int(self.server_address[1])
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: Prometheus asks every second."""


def serve(registry: CollectorRegistry, address: str, port: int, tls: ssl.SSLContext | None = None) -> None:
    """Answer at that IPv4 address until the process ends. Raises OSError, OverflowError."""
    server = make_server(address, port, make_wsgi_app(registry), _Server, handler_class=_Quiet)
    if tls is not None:
        # shaken hands with in the caller's own thread: one that has been cut off meanwhile holds up nobody else
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
