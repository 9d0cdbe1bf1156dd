"""The bytes of an upload: request line, headers, the patient's bearer token, the Bundle."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import jwt

from loadtests.vitals import reading
from results.canaries import display_name
from results.identity import idempotency_key, operation, patient_name

_VALID_S = 3600
_SCOPE = "patient/*.write patient/*.read"


@dataclass(frozen=True, slots=True)
class Upload:
    """A request ready to be sent, and what must come back. `short_digest`: the digest's first 8 bytes, as in the history."""

    request: bytes
    signal: str
    digest: str
    short_digest: int


class UploadMaker:
    """Makes the uploads of one run. The same (patient, seq, time) gives the same body, so that a retry is the same upload."""

    def __init__(self, host: str, token_key_file: Path, tag: str, seed: int) -> None:
        self.host = host
        self._key = token_key_file.read_text().strip()
        self._tag = tag
        self._seed = seed
        self._expires = int(time.time()) + _VALID_S

    def make(self, patient: int, seq: int, condition: str, intended_ns: int, *, keep: bool) -> Upload:
        """The upload of a patient's reading; `keep`: the connection stays open."""
        if time.time() > self._expires - _VALID_S / 2:
            self._expires = int(time.time()) + _VALID_S
        key = idempotency_key(self._tag, operation(patient, seq))
        name = display_name(self._tag, patient)
        made = reading(self._seed, patient, seq, condition, key, name, intended_ns)
        claims = {"sub": patient_name(patient), "scope": _SCOPE, "aud": "vitals", "exp": self._expires}
        token = jwt.encode(claims, self._key, algorithm="HS256")
        digest = hashlib.sha256(made.body)
        head = (
            f"POST /fhir HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/fhir+json\r\n"
            f"Idempotency-Key: {key}\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(made.body)}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
        )
        short = int.from_bytes(digest.digest()[:8], "big")
        return Upload(head.encode() + made.body, made.signal, digest.hexdigest(), short)
