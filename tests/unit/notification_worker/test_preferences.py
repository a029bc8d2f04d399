from datetime import UTC, datetime, time

import pytest

from contracts.notification_types import Frequency
from notification_worker.audience.preferences import AT_ONCE, Preferences


def utc(*parts: int) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_what_nobody_decided_on_is_told_at_once() -> None:
    chosen = Preferences(frequencies={"comment_added": Frequency.OFF})
    assert chosen.frequency_of("comment_added") is Frequency.OFF
    assert chosen.frequency_of("status_changed") is Frequency.INSTANT
    assert AT_ONCE.frequency_of("anything_at_all") is Frequency.INSTANT


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        ("UTC", utc(2031, 5, 6, 12, 0), utc(2031, 5, 6, 13, 0)),
        ("UTC", utc(2031, 5, 6, 12, 59), utc(2031, 5, 6, 13, 0)),
        ("Asia/Kolkata", utc(2031, 5, 6, 12, 10), utc(2031, 5, 6, 12, 30)),
        ("Asia/Kathmandu", utc(2031, 5, 6, 12, 10), utc(2031, 5, 6, 12, 15)),
        # Clocks go back at 01:00 UTC: the hour from two to three comes twice, and so do its digests.
        ("Europe/Berlin", utc(2030, 10, 27, 0, 30), utc(2030, 10, 27, 1, 0)),
        ("Europe/Berlin", utc(2030, 10, 27, 1, 0), utc(2030, 10, 27, 2, 0)),
    ],
)
def test_an_hourly_digest_is_due_on_the_next_hour_of_the_persons_clock(zone: str, now: datetime, due: datetime) -> None:
    assert Preferences(zone).next_digest(Frequency.HOURLY, now) == due


@pytest.mark.parametrize(
    ("zone", "at", "now", "due"),
    [
        ("UTC", time(9, 0), utc(2031, 5, 6, 8, 59), utc(2031, 5, 6, 9, 0)),
        ("UTC", time(9, 0), utc(2031, 5, 6, 9, 0), utc(2031, 5, 7, 9, 0)),
        ("America/New_York", time(9, 0), utc(2031, 5, 6, 2, 0), utc(2031, 5, 6, 13, 0)),
        ("Pacific/Kiritimati", time(9, 0), utc(2031, 5, 6, 20, 0), utc(2031, 5, 7, 19, 0)),
        # Clocks go forward from two to three: half past two is skipped, and as much later.
        ("Europe/Berlin", time(2, 30), utc(2031, 3, 30, 0, 0), utc(2031, 3, 30, 1, 30)),
        # Clocks go back from three to two: half past two comes twice, and counts once.
        ("Europe/Berlin", time(2, 30), utc(2030, 10, 27, 0, 0), utc(2030, 10, 27, 0, 30)),
        ("Europe/Berlin", time(2, 30), utc(2030, 10, 27, 0, 30), utc(2030, 10, 28, 1, 30)),
    ],
)
def test_a_daily_digest_is_due_at_the_chosen_time_of_the_persons_clock(
    zone: str, at: time, now: datetime, due: datetime
) -> None:
    assert Preferences(zone, at).next_digest(Frequency.DAILY, now) == due


@pytest.mark.parametrize("frequency", [Frequency.INSTANT, Frequency.OFF])
def test_what_has_no_digest_is_never_due(frequency: Frequency) -> None:
    with pytest.raises(ValueError, match="has no digest"):
        AT_ONCE.next_digest(frequency, utc(2031, 5, 6, 12, 0))


def test_a_zone_that_this_machine_does_not_know_counts_as_utc() -> None:
    elsewhere = Preferences("Mars/Olympus_Mons", time(9, 0))

    assert elsewhere.next_digest(Frequency.DAILY, utc(2031, 5, 6, 8, 0)) == utc(2031, 5, 6, 9, 0)
