from __future__ import annotations

from loadtests.device import Devices, Kept
from results.plan import Load

S = 1_000_000_000


def reading(patient: int, seq: int, at: int = 0) -> Kept:
    return Kept(patient << 24 | seq, patient, seq, at, at)


def test_a_device_sends_one_reading_at_a_time_in_their_order() -> None:
    devices = Devices(Load(), 1)
    first, second, third = (reading(1, seq) for seq in (1, 2, 3))
    assert devices.take(first) is first
    assert devices.take(second) is None
    assert devices.take(third) is None
    assert devices.done(first, 5 * S) is second
    assert second.due_ns == 5 * S, "it was due long ago, and may begin only now"
    assert devices.done(second, 6 * S) is third
    assert devices.done(third, 7 * S) is None
    assert len(devices) == 0


def test_the_known_bad_app_sends_the_newest_first() -> None:
    devices = Devices(Load(), 1, newest_first=True)
    first, second, third = (reading(1, seq) for seq in (1, 2, 3))
    for each in (first, second, third):
        devices.take(each)
    assert devices.done(first, 5 * S) is third
    assert devices.done(third, 6 * S) is second
    assert devices.done(second, 7 * S) is None


def test_devices_do_not_wait_for_each_other() -> None:
    devices = Devices(Load(), 1)
    for patient in (1, 2):
        assert devices.take(reading(patient, 1)) is not None


def test_back_off_is_full_jitter_below_a_limit_that_doubles_up_to_the_cap() -> None:
    load = Load(backoff_base_s=1, backoff_cap_s=8)
    devices, delays = Devices(load, 1), {attempt: [] for attempt in range(1, 7)}
    for attempt, seen in delays.items():
        for _ in range(400):
            kept = reading(1, 1)
            kept.attempt = attempt
            devices.back_off(kept, 100 * S)
            seen.append((kept.due_ns - 100 * S) / S)
    for attempt, seen in delays.items():
        limit = min(8, 2 ** (attempt - 1))
        assert 0 <= min(seen) < 0.1 * limit
        assert 0.9 * limit < max(seen) <= limit


def test_a_full_queue_drops_new_readings_and_counts_them() -> None:
    devices = Devices(Load(queue_limit=2), 1)
    for seq in (1, 2, 3):
        devices.take(reading(1, seq))
    assert [kept.seq for kept in devices.dropped] == [3]
    assert [kept.seq for kept in devices.waiting()] == [1, 2, 3]


def test_overdue_counts_what_was_intended_before() -> None:
    devices = Devices(Load(), 1)
    for patient, at in ((1, 1), (2, 5), (3, 9)):
        devices.take(reading(patient, 1, at * S))
    assert devices.overdue(6 * S) == 2
