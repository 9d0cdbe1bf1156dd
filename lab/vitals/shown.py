"""What an application server shows at its own port: until when its certificate is valid, how far its clock is ahead, its release.

``python -m lab.vitals.shown PORT NOW``, beside a server, as in its pod: prints that of the one at this port of the loopback, as a
JSON object. NOW is the time where somebody wants to know it (Unix time, seconds): the clock of the server's machine is not asked.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from cryptography import x509

ANSWERED_WITHIN_S = 5
# what `look` raises where a server shows something else, or nothing
Unreadable = (OSError, ValueError, TypeError, http.client.HTTPException)


def look(plain: socket.socket, host: str, now: Callable[[], float]) -> dict[str, Any]:
    """certificate_ends_s (Unix time), clock_s (ahead of `now`) and release, over a connection that ends with it.

    The certificate is not verified: an expired one is what is looked for. Raises `Unreadable`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(plain, server_hostname=host) as wire:
        certificate = x509.load_der_x509_certificate(wire.getpeercert(binary_form=True) or b"")
        asked = now()
        wire.sendall(f"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(wire)
        answer.begin()
        shown = parsedate_to_datetime(answer.headers["date"]).timestamp()
        release = answer.headers["service-version"]
    if release is None:
        raise ValueError("no Service-Version")
    return {
        "certificate_ends_s": certificate.not_valid_after_utc.timestamp(),
        "clock_s": round(shown - asked, 1),  # the header has whole seconds
        "release": release,
    }


def main(port: int, now_s: float) -> None:
    """Prints it. Raises `Unreadable`."""
    apart = now_s - time.monotonic()
    plain = socket.create_connection(("127.0.0.1", port), timeout=ANSWERED_WITHIN_S)
    print(json.dumps(look(plain, os.environ["VITALS_HOST"], lambda: time.monotonic() + apart)))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
