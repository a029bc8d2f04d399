"""Plain numbers that work adds to. Everything of a process runs in one thread, so they need no lock."""

from bisect import bisect_left
from collections.abc import Sequence

LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Bounds for what takes milliseconds when all is well, and minutes when something is away."""


class Distribution:
    """Counts values by the first bound that they do not exceed; the last count is of those above all bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = LATENCY_SECONDS) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value; one below zero, which a clock that was set back gives, as zero."""
        self.counts[bisect_left(self.bounds, value)] += times
        if value > 0:
            self.total += value * times

    def observe_all(self, values: Sequence[float]) -> None:
        """Count each of many values, which are mostly alike: then they are counted in one go."""
        if not values:
            return
        lowest, highest = min(values), max(values)
        place = bisect_left(self.bounds, lowest)
        if lowest >= 0 and place == bisect_left(self.bounds, highest):
            self.counts[place] += len(values)
            self.total += sum(values)
        else:
            for value in values:
                self.observe(value)
