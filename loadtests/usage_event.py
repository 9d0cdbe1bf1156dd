"""One event of the patients' app as Matomo takes it: how an attempt ended and how long it took, and nothing of the patient.

========================  ==========================================================================================
_id                       visitor: a pseudonym of the patient. HMAC-SHA-256 with a key that is made for this process,
                          kept in its memory and gone with it, so that nobody can find the patient's number by trying
pv_id                     one upload, whatever number of attempts it takes (keyed in the same way)
e_c, e_a, e_n             upload; ``ok`` or the error class; the client class. Not what was measured: a kind of reading
                          tells of an illness, and a count of use needs none
e_v                       ms from the intended time to the acknowledgement, for ok
pf_srv                    ms of the attempt
cdt                       when it ended, seconds since the epoch
dimension1                ``<tag>-<worker>-<n>``: the event's number 0, 1, 2 … so that each can be accounted for
idsite, rec, send_image   site; 1; 0
url                       ``app://vitals/upload``
========================  ==========================================================================================

https://developer.matomo.org/api-reference/tracking-api
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from functools import lru_cache
from hmac import digest
from typing import NamedTuple
from urllib.parse import quote

from results.identity import patient_of

_MS = 1_000_000
_SECOND = 1_000_000_000


class Noted(NamedTuple):
    """How an attempt ended. Times in ns on the run's clock; `error` is "" for an acknowledgement."""

    number: int
    op: int
    client: str
    error: str
    t_intended: int
    t_begun: int
    t_done: int


class Encoder:
    """Turns events of one sender into the body of a bulk request."""

    def __init__(self, site: int, tag: str, worker: int) -> None:
        self._key = secrets.token_bytes(32)
        self._head = f"?idsite={site}&rec=1&send_image=0&url={quote('app://vitals/upload', safe='')}&e_c=upload"
        self._numbered = f"dimension1={_quoted(f'{tag}-{worker}-')}"

    def bulk(self, events: Sequence[Noted]) -> bytes:
        """``{"requests": ["?…", …]}``"""
        return json.dumps({"requests": [self.query(each) for each in events]}, separators=(",", ":")).encode()

    def query(self, noted: Noted) -> str:
        """One event as a query."""
        number, op, client, error, t_intended, t_begun, t_done = noted
        # 4 bytes for a patient, 8 for an upload: the two kinds of pseudonym cannot meet
        visitor = digest(self._key, patient_of(op).to_bytes(4, "big"), "sha256")[:8].hex()
        view = digest(self._key, op.to_bytes(8, "big"), "sha256")[:3].hex()
        value = "" if error else f"&e_v={(t_done - t_intended) // _MS}"
        return (
            f"{self._head}&e_a={_quoted(error or 'ok')}&e_n={_quoted(client)}{value}&pf_srv={(t_done - t_begun) // _MS}"
            f"&cdt={t_done // _SECOND}&_id={visitor}&pv_id={view}&{self._numbered}{number}"
        )


@lru_cache(maxsize=256)
def _quoted(word: str) -> str:
    """Percent-encoded. Remembered: classes of errors and clients are few."""
    return quote(word, safe="")
