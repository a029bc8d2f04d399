"""From a stored row to a person's preferences."""

from typing import Any

from sqlalchemy import Row

from contracts.notification_types import Frequency
from notification_worker.audience.preferences import Preferences


def preferences_of(row: Row[Any]) -> Preferences:
    """Make the preferences of a whole row of `preferences`."""
    frequencies = {kind: Frequency(frequency) for kind, frequency in row.frequencies.items()}
    return Preferences(row.timezone, row.daily_at, frequencies)
