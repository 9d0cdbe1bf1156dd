"""Small client of the lab's control socket: one JSON object a line, one answer each.

Request ``{"do": "kill", "site": "fra", …}``, answer ``{"ok": true, …}`` or ``{"ok": false, "error": "one line"}``.

=========  ==================================  ==========================================================
do         parameters                          answer
=========  ==================================  ==========================================================
status                                         sites, links, databases, options, up_s
kill       site, order?, pause_s?              t_ns of each step done
heal       site                                t_ns; the site runs again; its database as a follower
fence      site, by?, cluster?, volume_only?,  t_ns; cut off by the provider, whatever runs in it; or only its main volume;
           dead_since_ns?                      refused when the site has come back after that monotonic time
traffic    site, state: denied | allowed       state, t_ns; denied: the site's links are down; what was taken otherwise stays so
link       name, state: up | down | one-way | slow | lossy, more_ms?, loss?   t_ns; one-way: from the first site only; slow:
                                               one way more; lossy: share of the packets each way that is lost
round-trip                                     round_trip_ms over the private link; null: nothing comes back
lost       rounds                              share of so many round trips over it that did not come back at the first attempt
name-server    name, state?: held | live       state, seen by a change, t_ns; the zone of an authoritative server takes none
record     record, address?                    answers of each authoritative server, t_ns; set by the provider's console
misdirect  record                              answers, t_ns; the entry points to somebody else's host, which answers
stop-key   state: on | off                     t_ns; the record (zone.stop) that ends every drill
transfer   name                                t_ns; an authoritative server fetches the zone anew, held or not
approvals  steps?, approve?, by?, reason?      steps that wait for a person, and who approved which
servers    site, certificate?, clock_s?, release?   t_ns when the first was deployed anew; without a change t_ns and servers:
                                               certificate_ends_s, clock_s (ahead), release, as each shows it
throttle   site, share?                        stopped: share of a second in which the site's servers were stopped; t_ns
cut-connections  site                          cut: connections to the site's servers that were ended, t_ns
volume     site, state?: full | free           writable, by writing; t_ns; the volume of the site's database (lab.volume_mb)
mirroring  site, state?: cut | following       t_ns; without a state also behind_bytes, grew_bytes (in a second), follows
monitors-link  site, state: up | down          t_ns; the network of that site's monitors
service    name, state?: running | stopped | frozen | killed   state as the process table shows it, pid, killed?: the PID
                                               that got SIGKILL, t_ns; what is to be started again, is
run-all                                        services: processes that were stopped or frozen on order, and run again; t_ns
lease      holder?, ttl_s?, release?           holder, lapsed, t_ns; not renewed within ttl_s: all that was broken is mended
uploads    site, state?: taken | refused       uploads, ready (the health page's word), t_ns; refused: may not be written
rules      name, file                          reloaded: sites whose Prometheus reads that rule file now
deliveries                                     deliveries: what each channel to the people on duty received
takeover   site, step?                         one step (detect, fence, promote, dns) or all, timed
hand-over  site                                steps: the planned way to a site whose database is a mirror, timed
demote     site                                t_ns; that site's main database ends cleanly, its mirror has everything
follow     site                                t_ns; it runs again, as the mirror of the other site
forward    site, state: on | off               t_ns; whether patients who come to the site while nobody serves there are served by
                                               the other one
kubernetes  site                               t_ns; all that was ordered through the site's Kubernetes API is over
api-server  site, state?: running | stopped    state, t_ns; the site's Kubernetes API server
takeover-mode  mode: perform | observe         whether the runbook service acts by itself
contacts                                       contacts: [protocol, source, destination, port, first_ns, last_ns, count],
                                               times are monotonic_ns; lost: packets that nobody could look at
deliveries                                     deliveries: what reached who is on call, t is monotonic_ns
telemetry  site, sink: sentry | matomo, file   role of the site's tools database; of a primary: rows -> file, count
journal                                        steps: what the runbook did so far, t is monotonic_ns
readback   site, file                          the auditor's path: rows straight from that site's store -> file
services   site                                processes of that site: name, pid, running, restarts
resources  memory?: true | false               cpu_s, rss_bytes by service; memory_bytes (PSS) of the lab, costly to know
shutdown                                       answers, then the lab ends
=========  ==================================  ==========================================================
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes


class LabUnreachable(RuntimeError):
    """No lab answers at that socket."""


class LabRefused(RuntimeError):
    """The lab answered, and said no; the message is its own line."""


class LabControl:
    """Calls of one lab. Each call opens a connection of its own, so that calls from several threads do not meet."""

    def __init__(self, path: Path, timeout_s: float = 60) -> None:
        self.path = path
        self._timeout_s = timeout_s

    def call(self, do: str, **parameters: Any) -> dict[str, Any]:  # JSON values of the table above
        """One request. Raises LabUnreachable or LabRefused."""
        request = json.dumps({"do": do, **parameters}).encode() + b"\n"
        try:
            with connect(self.path, self._timeout_s) as wire, wire.makefile("rb") as answers:
                wire.sendall(request)
                line = answers.readline()
        except OSError as error:
            raise LabUnreachable(f"no lab answers at {self.path} ({error.strerror or error})") from error
        if not line.endswith(b"\n"):
            raise LabUnreachable(f"the lab at {self.path} hung up during '{do}'")
        answer: dict[str, Any] = json.loads(line)
        if not answer.get("ok"):
            raise LabRefused(str(answer.get("error", f"'{do}' refused without a reason")))
        return answer


def connect(path: Path, timeout_s: float) -> socket.socket:
    """A connected Unix socket. Long paths go through a file descriptor of their folder (sun_path is 108 bytes)."""
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    wire.settimeout(timeout_s)
    folder = -1
    try:
        address = str(path)
        if len(os.fsencode(address)) > _LONGEST_SOCKET_PATH:
            folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
            address = f"/proc/self/fd/{folder}/{path.name}"
        wire.connect(address)
    except BaseException:
        wire.close()
        raise
    finally:
        if folder >= 0:
            os.close(folder)
    return wire
