"""From what is stored to a person's preferences."""

from collections.abc import Mapping
from datetime import time

from contracts.notification_types import Frequency
from notification_worker.audience.preferences import Preferences


def preferences_of(timezone: str, daily_at: time, frequencies: Mapping[str, str]) -> Preferences:
    """Make the preferences of a row of `preferences`."""
    return Preferences(timezone, daily_at, {kind: Frequency(frequency) for kind, frequency in frequencies.items()})
