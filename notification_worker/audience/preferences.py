"""What a person wants to be told of at once, what together, and what not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.notification_types import Frequency

DEFAULT_TIMEZONE = "UTC"
DEFAULT_DAILY_AT = time(9, 0)

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`frequencies` names the types that are not told of at once; `daily_at` is a time of the person's own clock."""

    timezone: str = DEFAULT_TIMEZONE
    daily_at: time = DEFAULT_DAILY_AT
    frequencies: Mapping[str, Frequency] = field(default_factory=dict)

    def frequency_of(self, notification_type: str) -> Frequency:
        """Say how often a type is told; what the person has not decided on is told at once."""
        return self.frequencies.get(notification_type, Frequency.INSTANT)

    def next_digest(self, frequency: Frequency, now: datetime) -> datetime:
        """Give the moment, in UTC and after `now`, at which the next digest of a frequency is due.

        Hourly is on the hour of the person's clock. Daily is at `daily_at`: where that time is skipped when clocks go
        forward, as much later as they skip; where it comes twice, the first.

        Raises:
            ValueError: the frequency has no digest.
        """
        zone = _zone(self.timezone)
        local = now.astimezone(zone)
        if frequency is Frequency.HOURLY:
            # Counted from the hour that has begun, in UTC: an hour that comes twice has two digests.
            begun = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            return now.astimezone(UTC) - begun + _HOUR
        if frequency is not Frequency.DAILY:
            raise ValueError(f"'{frequency}' has no digest")
        day = local.date()
        while (due := datetime.combine(day, self.daily_at, zone).astimezone(UTC)) <= now:
            day += _DAY
        return due


def _zone(name: str) -> ZoneInfo:
    """Give a zone; one that this machine does not know counts as UTC, so that no event fails by a digest's moment."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(DEFAULT_TIMEZONE)


AT_ONCE = Preferences()
"""What holds for who has decided on nothing: everything at once."""
