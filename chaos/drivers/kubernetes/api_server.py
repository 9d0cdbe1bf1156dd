"""Whether a cluster's API can be reached, seen by a new connection of our own: a client would try again, or keep an old one."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from chaos.drivers.kubernetes.cluster import Cluster

_WITHIN_S = 2.0
_PORTS = {"https": 443, "http": 80}


def answers(cluster: Cluster, within_s: float = _WITHIN_S) -> bool:
    """Whether a new connection comes about, with its TLS handshake: somebody who lets one wait does not answer."""
    own = cluster.api.configuration
    url = urlsplit(own.host)
    host, port = str(url.hostname), url.port or _PORTS[url.scheme]
    try:
        with socket.create_connection((host, port), within_s) as plain:
            if url.scheme == "https":
                ssl.create_default_context(cafile=own.ssl_ca_cert).wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLCertVerificationError:
        return True  # who he is, is not asked here: somebody answers
    except OSError:  # refused, no route, nothing within the time, hung up
        return False
    return True
