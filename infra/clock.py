"""What time it is: asked for, never looked up, where what is done depends on it; so a test can let time pass."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, in UTC."""


def system_clock() -> datetime:
    """Give the moment that this machine's clock shows."""
    return datetime.now(UTC)
