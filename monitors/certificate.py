"""Looks at the certificate that patients are shown: verified chain and name, days left."""

from __future__ import annotations

import ssl
import time

from monitors.exchange import Unanswered, connection, of_the_service
from monitors.look import Look
from monitors.place import Place

LEAST_DAYS = 2.0  # the lab's certificates live for days; a real target wants 14 or more
_DAY_S = 86_400


class Certificate:
    """Fails on a certificate that does not verify or ends soon. Blind while the service does not answer: it shows none then."""

    name, period_s, doubt_s = "certificate", 10.0, 1.0

    def __init__(self, place: Place, least_days: float = LEAST_DAYS) -> None:
        self._place, self._least_days = place, least_days
        self._service = of_the_service(place)

    def look(self) -> Look:
        try:
            with connection(self._place, self._service.context, self._service.host, self._service.port) as wire:
                shown = wire.getpeercert() or {}
        except Unanswered as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                return Look(ok=False, why=f"{error}")
            return Look(ok=False, blind=True, why=f"not seen: {error}")
        days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) / _DAY_S
        if days < self._least_days:
            return Look(
                ok=False, why=f"ends in {days:.1f} days (limit {self._least_days:g})", figures={"days_left": days}
            )
        return Look(ok=True, figures={"days_left": days})
