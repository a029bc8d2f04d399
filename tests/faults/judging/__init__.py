"""An independent judge of a run: rules written anew, from what was answered and what is there to see.

`of_events` holds the published events against the requests, `expecting` works out from events who must have been told
what, `of_inboxes` and `of_windows` hold that against what people have. Each gives findings; none is what is wanted.
What nobody can know (a request without an answer, a mute at the very moment) may be so or otherwise, but wholly.
"""

from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    """What a finding is about; the first three are what the product promises never to do."""

    LOST = "lost"
    TOLD_TWICE = "told twice"
    OUT_OF_ORDER = "out of order"
    INVENTED = "invented"
    HALF_DONE = "half done"
    MARK_LOST = "mark lost"
    COUNTER = "counter"
    WINDOW = "window differs"
    SKIPPED = "skipped by a gateway"
    LEFT_OVER = "left over"
    DEAD_LETTERS = "dead letters"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Finding:
    wrong: Wrong
    text: str

    def __str__(self) -> str:
        return f"{self.wrong}: {self.text}"
