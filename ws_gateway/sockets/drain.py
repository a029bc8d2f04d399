"""When the pages of a gateway that stops are asked to go, and until when they are waited for.

A page keeps its connection here until it has one elsewhere. So the pace is that of the gateways that take them over: a
bounded number is on its way, and for each that has gone another is asked. But all must have been asked with time left,
however slow the others are; a steady pace towards that moment is the least there is.
"""

from dataclasses import dataclass, field

STEP_SECONDS = 0.1
"""Between two looks at who has gone. A page waits for a random part of it, so that not all of a step come at once."""

LAST_WORD_SECONDS = 0.5
"""For the closing handshakes of those who have not gone: with the drain it must fit into `lifecycle.GRACE_SECONDS`."""

_SHARE_OF_DEPARTURES = 0.6
"""Of the whole time at most; what follows is for those who were asked last."""

_STANDSTILL_SECONDS = 2.0
"""When all were asked and for so long nobody has gone, there is nowhere to go, or they do not listen."""


@dataclass(frozen=True, slots=True)
class DrainLimits:
    """`seconds` is the whole time, at most; `leaving_at_once` are on their way, if the time is long enough for that."""

    seconds: float
    leaving_at_once: int


@dataclass(slots=True)
class Drain:
    """`began` and every `now` are seconds of a clock that never goes back; `windows` are those at the beginning."""

    limits: DrainLimits
    windows: int
    began: float
    _asked: int = 0
    _remaining: int = field(init=False)
    _moved_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._remaining, self._moved_at = self.windows, self.began

    def ask(self, leaving: int, now: float) -> int:
        """Say how many more are to be asked now, when `leaving` were asked and have not gone; they count as asked."""
        spread = self.limits.seconds * _SHARE_OF_DEPARTURES
        elapsed = now - self.began
        due = self.windows if elapsed >= spread else int(self.windows * elapsed / spread)
        more = min(max(due - self._asked, self.limits.leaving_at_once - leaving, 0), self.windows - self._asked)
        if more:
            self._asked += more
            self._moved_at = now
        return more

    def is_over(self, remaining: int, now: float) -> bool:
        """Say whether the `remaining` are to be closed now."""
        if remaining < self._remaining:
            self._remaining, self._moved_at = remaining, now
        stands_still = self._asked == self.windows and now >= self._moved_at + _STANDSTILL_SECONDS
        return remaining == 0 or stands_still or now >= self.began + self.limits.seconds
