"""When the pages of a gateway that stops are asked to go.

A page keeps its connection here until it has one elsewhere. So the spread is for the gateways that take them over,
whose handshakes cost time: the more pages, the longer. And the end of the time is for the last of them, who are still
joining.
"""

from dataclasses import dataclass

_SHARE_OF_DEPARTURES = 0.75
"""Of the whole time at most; what follows is for those who were asked last."""

_JOINING_SECONDS = 2.0
"""For the last to join elsewhere. Where there is no other gateway, a stop takes this long and not the whole time."""

LAST_WORD_SECONDS = 1.0
"""For the closing handshakes of those who have not gone: with the drain it must fit into `lifecycle.GRACE_SECONDS`."""


@dataclass(frozen=True, slots=True)
class DrainLimits:
    """`seconds` is the whole time, at most; `departures_a_second` is the pace, if that is long enough for it."""

    seconds: float
    departures_a_second: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """`departures_ms`: from now, when each page is to go; `seconds`: until those who have not gone are closed."""

    departures_ms: tuple[int, ...]
    seconds: float


def schedule(count: int, limits: DrainLimits) -> Schedule:
    """Give so many pages their moments, evenly spread."""
    spread = min(count / limits.departures_a_second, limits.seconds * _SHARE_OF_DEPARTURES)
    departures = tuple(round(1_000 * spread * place / count) for place in range(1, count + 1))
    return Schedule(departures, min(limits.seconds, spread + _JOINING_SECONDS))
