"""Who must have been told what, from the events of each task and from who muted it; written anew, from the rules."""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.digests import subscribers_of
from tests.faults.journal import Journal, Json, Write
from tests.faults.judging.moments import Doubt, made_at, settled_by
from tests.faults.judging.of_events import kind_of

_SURELY_TAKEN_BACK_SECONDS = 20.0
_SURELY_KEPT_SECONDS = 150.0
_WORDS = {"todo": "To do", "in_progress": "In progress", "in_review": "In review", "done": "Done"}


class Must(StrEnum):
    BE = "must be there"
    NOT_BE = "must not be there"
    ANY = "may be there"


@dataclass
class Expected:
    """One event as one person hears of it; `at` is when it happened."""

    task: str
    type: str
    message: str
    link: str
    at: float
    must: Must = Must.BE
    statuses: tuple[str, str] | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.type, self.message, self.link


def expected_of(stories: dict[str, list[Json]], journal: Journal) -> dict[str, dict[str, list[Expected]]]:
    """Give, for each person and each task, what they must have heard, in its order, at once or with a digest."""
    subscribers, doubt = subscribers_of(journal), Doubt.of(journal.clocks_off, "task-api", "worker")
    muting: dict[tuple[str, str], list[Write]] = defaultdict(list)
    for write in journal.writes:
        if write.what in {"mute", "unmute"}:
            muting[write.who, write.task].append(write)
    told: dict[str, dict[str, list[Expected]]] = defaultdict(lambda: defaultdict(list))
    for task, story in stories.items():
        watching: set[str] = set()
        for event in story:
            before = set(watching)
            watching |= {added["person"]["id"] for added in event["data"].get("watchers_added", ())}
            if kind_of(event) == "unwatched":
                watching.discard(event["data"]["watcher"]["id"])
            for person in _audience(event, before):
                entry = _entry(task, event)
                if entry.type != "task_assigned":
                    until = float("inf") if person in subscribers else settled_by(entry.at, journal.troubles)
                    entry.must = _unless_muted(entry.at, muting[person, task], until)
                told[person][task].append(entry)
    for of_person in told.values():
        for entries in of_person.values():
            _take_back(entries, doubt)
    return told


def _audience(event: Json, watching: set[str]) -> set[str]:
    match kind_of(event):
        case "assigned":
            audience = {event["data"]["assignee"]["id"]}
        case "status_changed" | "comment_added":
            audience = watching
        case _:
            audience = set()
    return audience - {event["data"]["actor"]["id"]}


def _entry(task: str, event: Json) -> Expected:
    data = event["data"]
    actor, title, at = data["actor"]["name"], data["task"]["title"], made_at(event)
    match kind_of(event):
        case "assigned":
            return Expected(task, "task_assigned", f"{actor} assigned you '{title}'", f"/tasks/{task}", at)
        case "status_changed":
            message = f"{actor} moved '{title}' to {_WORDS[data['new_status']]}"
            statuses = (data["old_status"], data["new_status"])
            return Expected(task, "status_changed", message, f"/tasks/{task}", at, statuses=statuses)
        case _:
            link = f"/tasks/{task}#comment-{data['comment']['id']}"
            return Expected(task, "comment_added", f"{actor} commented on '{title}'", link, at)


def _unless_muted(at: float, muting: list[Write], until: float) -> Must:
    """Say whether a person had muted the task for as long as the event may have been on its way."""
    muted, sure = False, True
    for write in muting:
        if write.status is not None and 400 <= write.status < 500:
            continue
        begun, ended = write.sent, write.answered if write.acknowledged else float("inf")
        if ended <= at:
            muted, sure = write.what == "mute", True
        elif begun <= until and (write.what == "mute") != muted:
            sure = False
    if not sure:
        return Must.ANY
    return Must.NOT_BE if muted else Must.BE


def _take_back(entries: list[Expected], doubt: Doubt) -> None:
    """A status that went there and back at once is no news: both entries are gone, if the first was unread."""
    moves = [entry for entry in entries if entry.statuses is not None]
    earlier: Expected | None = None
    for move in moves:
        if earlier is None or earlier.statuses != tuple(reversed(move.statuses or ())):
            earlier = move
            continue
        apart, doubtful = move.at - earlier.at, doubt.covers(earlier.at) or doubt.covers(move.at)
        if apart > _SURELY_KEPT_SECONDS and not doubtful:
            earlier = move
            continue
        surely = apart < _SURELY_TAKEN_BACK_SECONDS and earlier.must is Must.BE and not doubtful
        must = Must.NOT_BE if surely else Must.ANY
        earlier.must = move.must = must
        earlier = None
