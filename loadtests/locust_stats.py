"""Adds a sender's figures to Locust's own statistics, in bulk: what its page, ``--csv`` and ``--html`` show.

One row, ``POST /fhir``: each acknowledged upload counts once, with its latency from the intended time to the first
acknowledgement; each attempt that failed, or whose end nobody knows, counts as a failure of its error class.
"""

from __future__ import annotations

import time

from locust import stats as locust_stats
from locust.stats import RequestStats, StatsEntry, StatsError

from loadtests.frame import Frame

METHOD, NAME = "POST", "/fhir upload"


def use_fine_buckets() -> None:
    """Round latencies to three significant digits in place of Locust's two: its percentiles are then within 0.5 %."""
    locust_stats.bucket_response_time = _three_digits


def _three_digits(response_time: float) -> int:
    value = round(response_time)
    digits = len(str(value))
    return round(value, 3 - digits) if digits > 3 else value


def add(statistics: RequestStats, frame: Frame) -> None:
    """Merge one frame."""
    second = int(time.time())
    failures = sum(frame.failed.values())
    for entry in (statistics.get(NAME, METHOD), statistics.total):
        _add(entry, frame, failures, second)
    for error, count in frame.failed.items():
        key = StatsError.create_key(METHOD, NAME, error)
        known = statistics.errors.get(key)
        if known is None:
            known = statistics.errors[key] = StatsError(METHOD, NAME, error)
        known.occurrences += count


def _add(entry: StatsEntry, frame: Frame, failures: int, second: int) -> None:
    acknowledged = sum(frame.acknowledged_ms.values())
    if not acknowledged and not failures:
        return
    entry.num_requests += acknowledged + failures
    # failed attempts carry no latency of an upload: Locust calls such requests "none requests"
    entry.num_none_requests += failures
    entry.num_failures += failures
    entry.num_reqs_per_sec[second] += acknowledged + failures
    if failures:
        entry.num_fail_per_sec[second] += failures
    entry.last_request_timestamp = time.time()
    entry.total_content_length += frame.body_bytes
    for milliseconds, count in frame.acknowledged_ms.items():
        entry.response_times[_three_digits(milliseconds)] += count
        entry.total_response_time += milliseconds * count
        least = entry.min_response_time
        entry.min_response_time = milliseconds if least is None else min(least, milliseconds)
        entry.max_response_time = max(entry.max_response_time, milliseconds)
