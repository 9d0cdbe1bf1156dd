"""Structured log: one JSON object a line on standard output, without any patient data."""

from __future__ import annotations

import json
import logging
import sys
import time

LOG = logging.getLogger("vitals")
_FIELDS = ("status", "why")


class _Lines(logging.Formatter):
    def __init__(self, site: str) -> None:
        super().__init__()
        self._site = site

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z"
        line = {"t": at, "level": record.levelname.lower(), "site": self._site, "event": record.getMessage()}
        line.update({name: getattr(record, name) for name in _FIELDS if hasattr(record, name)})
        if record.exc_info and record.exc_info[2] is not None:
            trace = record.exc_info[2]
            while trace.tb_next:
                trace = trace.tb_next
            # where, not what: a message could carry a patient's values
            line["at"] = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
        return json.dumps(line)


def set_up_log(site: str) -> None:
    """Send the service's log to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Lines(site))
    LOG.handlers[:] = [handler]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
