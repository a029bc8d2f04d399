"""What people must find in their inboxes, worked out from events alone by rules written anew: an independent judge.

It shares no code with the product. Events are plain JSON as they are published; those of one task come in their order.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
Key = tuple[str, str]
"""What names an event: its source and its id."""

HISTORY = timedelta(days=30)
TAKEN_BACK_WITHIN = timedelta(seconds=60)
EARLIEST = datetime.min.replace(tzinfo=UTC)
STRONGEST_FIRST = ("assigned", "created", "commented", "manual", "requested")

_STATUS_WORDS = {"todo": "To do", "in_progress": "In progress", "in_review": "In review", "done": "Done"}
_FORMER_MEMBER = "a former member"
_MINUTE = timedelta(minutes=1)


@dataclass
class Entry:
    """One event as one person hears of it; `deed` follows the actor's name, `said` is another service's whole text.

    `since` and `order` say when the person got it, and which event it was.
    """

    key: Key
    type: str
    reasons: set[str]
    task: str | None = None
    actor: str | None = None
    actor_name: str | None = None
    deed: str = ""
    said: str | None = None
    link: str | None = None
    statuses: tuple[str, str] | None = None
    frequency: str = "instant"
    since: datetime = EARLIEST
    order: int = 0
    due: datetime | None = None

    @property
    def message(self) -> str:
        return self.said if self.said is not None else f"{_capital(self.shown_actor)} {self.deed}"

    @property
    def shown_actor(self) -> str | None:
        """Name who did it; of somebody erased as the actor of a deed, nobody in particular."""
        return _FORMER_MEMBER if self.actor_name is None and self.said is None else self.actor_name


@dataclass
class Row:
    """What is shown as one; `digest` is the frequency of one, and then the text is of no entry's."""

    entries: list[Entry]
    created: datetime
    updated: datetime
    digest: str | None = None
    read: bool = False

    @property
    def type(self) -> str:
        return "digest" if self.digest else self.entries[0].type

    @property
    def reasons(self) -> list[str]:
        every = set().union(*(entry.reasons for entry in self.entries))
        return [reason for reason in STRONGEST_FIRST if reason in every]

    @property
    def link(self) -> str | None:
        return None if self.digest else self.entries[0].link

    @property
    def task(self) -> str | None:
        return None if self.digest else self.entries[0].task

    @property
    def actor(self) -> str | None:
        return None if self.digest else self.entries[-1].shown_actor

    @property
    def message(self) -> str:
        size, latest = len(self.entries), self.entries[-1]
        if self.digest:
            return f"Your {self.digest} digest: {size} update" + ("s" if size > 1 else "")
        others = len({entry.actor for entry in self.entries}) - 1
        if others == 0:
            return latest.message
        return f"{_capital(latest.shown_actor)} and {others} other{'s' if others > 1 else ''} {latest.deed}"

    def shown(self, now: datetime) -> bool:
        return not self.read or self.created > now - HISTORY


@dataclass
class Inbox:
    """`log` holds what happened to its rows, one entry for each number: what, to a row of which task, and its text."""

    rows: list[Row] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)
    outcomes: dict[Key, str] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    frequencies: dict[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    daily_at: tuple[int, int] = (9, 0)
    log: list[tuple[str, str | None, str]] = field(default_factory=list)

    def note(self, change: str, row: Row) -> None:
        self.log.append((change, row.task, row.message))

    def shown(self, now: datetime) -> list[Row]:
        return [row for row in self.rows if row.shown(now)]

    def next_digest(self, frequency: str, now: datetime) -> datetime:
        """Look at the person's clock minute by minute until it shows what is waited for."""
        zone, moment = ZoneInfo(self.timezone), now.replace(second=0, microsecond=0)
        while True:
            moment += _MINUTE
            clock = moment.astimezone(zone)
            if clock.minute == 0 if frequency == "hourly" else (clock.hour, clock.minute) == self.daily_at:
                return moment


@dataclass
class Task:
    """`reasons` are kept for the return of those who stopped."""

    reasons: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    stopped: set[str] = field(default_factory=set)
    deleted: bool = False

    def watch(self, person: str, reason: str) -> None:
        if person not in self.stopped or reason in {"assigned", "manual"}:
            self.stopped.discard(person)
            self.reasons[person].add(reason)

    def watchers(self) -> dict[str, set[str]]:
        return {person: set(reasons) for person, reasons in self.reasons.items() if person not in self.stopped}


@dataclass
class Judge:
    """`members` are those whom a request may name; None takes everybody. `heard` are the events that can tell."""

    members: set[str] | None = None
    inboxes: dict[str, Inbox] = field(default_factory=lambda: defaultdict(Inbox))
    tasks: dict[str, Task] = field(default_factory=lambda: defaultdict(Task))
    erased: set[str] = field(default_factory=set)
    heard: dict[Key, tuple[Json, datetime]] = field(default_factory=dict)
    _applied: set[Key] = field(default_factory=set)

    def apply(self, event: Json, now: datetime) -> None:
        """Apply an event at a moment, for the first time or again."""
        key = (event["source"], event["id"])
        if key in self._applied:
            return
        self._applied.add(key)
        what = event["type"].split(".", 1)[1]
        if what == "user.erased.v1":
            self._erase(event["data"]["user_id"])
        elif what == "notification.requested.v1":
            self._request(key, event["data"], now)
        elif what.startswith("task."):
            self._happened(key, what.split(".")[1], event, now)

    def _happened(self, key: Key, what: str, event: Json, now: datetime) -> None:
        data, task = event["data"], self.tasks[event["subject"]]
        actor, title = data["actor"]["id"], data["task"]["title"]
        entry = Entry(key, "", set(), event["subject"], actor, data["actor"]["name"], link=f"/tasks/{event['subject']}")
        audience: dict[str, set[str]] = {}
        match what:
            case "created":
                task.watch(actor, "created")
            case "watched":
                task.watch(actor, "manual")
            case "unwatched":
                task.stopped.add(actor)
            case "deleted":
                self._delete(event["subject"])
            case "assigned":
                task.watch(data["assignee"]["id"], "assigned")
                audience = {data["assignee"]["id"]: {"assigned"}}
                entry.type, entry.deed = "task_assigned", f"assigned you '{title}'"
            case "status_changed":
                audience = task.watchers()
                entry.type, entry.deed = "status_changed", f"moved '{title}' to {_STATUS_WORDS[data['new_status']]}"
                entry.statuses = (data["old_status"], data["new_status"])
            case "comment_added":
                task.watch(actor, "commented")
                audience = task.watchers()
                entry.type, entry.deed = "comment_added", f"commented on '{title}'"
                entry.link = f"{entry.link}#comment-{data['comment']['id']}"
        if not entry.type:
            return
        self.heard[key] = (event, now)
        taken_back = self._take_back(entry, now) if entry.statuses else set()
        self._tell(entry, {person: why for person, why in audience.items() if person not in taken_back}, now)

    def _request(self, key: Key, data: Json, now: datetime) -> None:
        actor = data.get("actor") or {"id": None, "name": None}
        entry = Entry(key, data["kind"], set(), actor=actor["id"], actor_name=actor["name"], said=data["message"])
        entry.link = data.get("link")
        known = [person for person in data["recipients"] if self.members is None or person in self.members]
        self._tell(entry, {person: {"requested"} for person in known}, now)

    def _tell(self, entry: Entry, audience: dict[str, set[str]], now: datetime) -> None:
        if entry.actor in self.erased:
            _forget_name(entry, entry.actor)
        for person in audience.keys() - {entry.actor} - self.erased:
            inbox = self.inboxes[person]
            frequency = inbox.frequencies.get(entry.type, "instant")
            own = replace(entry, reasons=audience[person], since=now, order=len(self.heard), frequency=frequency)
            if entry.task is not None and self.tasks[entry.task].deleted:
                own.link = None
            if entry.task in inbox.muted and entry.type != "task_assigned":
                inbox.outcomes[entry.key] = "muted"
            elif frequency == "off":
                inbox.outcomes[entry.key] = "preference"
            elif frequency == "instant":
                self._show(inbox, own, now)
            else:
                own.due = inbox.next_digest(frequency, now)
                inbox.waiting.append(own)
                inbox.outcomes[entry.key] = "waits_for_digest"

    def add_row(self, inbox: Inbox, entries: list[Entry], now: datetime, digest: str | None = None) -> None:
        """Show events as a row of their own."""
        inbox.rows.append(Row(entries, now, now, digest))
        inbox.note("added", inbox.rows[-1])
        inbox.outcomes.update((entry.key, "told") for entry in entries)

    def _show(self, inbox: Inbox, entry: Entry, now: datetime) -> None:
        alike = [row for row in inbox.rows if (row.type, row.task) == (entry.type, entry.task)]
        if entry.type != "comment_added" or not alike or alike[-1].read:
            self.add_row(inbox, [entry], now)
            return
        inbox.outcomes[entry.key] = "told"
        alike[-1].entries.append(entry)
        alike[-1].updated = now
        inbox.note("updated", alike[-1])

    def _take_back(self, entry: Entry, now: datetime) -> set[str]:
        """Withdraw what the entry reverses; say from whom."""
        assert entry.statuses
        there = entry.statuses[::-1]
        from_whom = set()
        for person, inbox in self.inboxes.items():
            rows = [row for row in inbox.rows if row.type == "status_changed" and not row.read]
            held = [(row.entries[0], row) for row in rows] + [(one, None) for one in inbox.waiting if one.statuses]
            moves = [(gone, row) for gone, row in held if gone.task == entry.task]
            gone, row = max(moves, key=lambda move: (move[0].since, move[0].order), default=(None, None))
            if gone is None or gone.statuses != there or gone.since <= now - TAKEN_BACK_WITHIN:
                continue
            if row is not None:
                inbox.rows.remove(row)
                inbox.note("removed", row)
            else:
                inbox.waiting.remove(gone)
            inbox.outcomes[gone.key] = "withdrawn"
            if person != entry.actor:
                inbox.outcomes[entry.key] = "withdrawn"
            from_whom.add(person)
        return from_whom

    def _delete(self, deleted: str) -> None:
        self.tasks[deleted] = Task(deleted=True)
        for inbox in self.inboxes.values():
            inbox.log += [("rewritten", deleted, "")] if any(row.task == deleted for row in inbox.rows) else []
        for entry in self._entries():
            if entry.task == deleted:
                entry.link = None

    def _erase(self, person: str) -> None:
        self.erased.add(person)
        self.inboxes.pop(person, None)
        for task in self.tasks.values():
            task.reasons.pop(person, None)
        for inbox in self.inboxes.values():
            named = any(row.entries[-1].actor == person and not row.digest for row in inbox.rows)
            inbox.log += [("rewritten", None, "")] if named else []
        for entry in self._entries():
            _forget_name(entry, person)

    def _entries(self) -> list[Entry]:
        inboxes = self.inboxes.values()
        told = [entry for inbox in inboxes for row in inbox.rows for entry in row.entries]
        return told + [entry for inbox in inboxes for entry in inbox.waiting]


def _forget_name(entry: Entry, person: str | None) -> None:
    """Take out the name of somebody erased; who it was still counts among the others of a row."""
    if entry.actor == person and entry.actor_name is not None:
        if entry.said is not None:
            entry.said = entry.said.replace(entry.actor_name, _FORMER_MEMBER)
        entry.actor_name = None


def _capital(name: str | None) -> str:
    return "A former member" if name == _FORMER_MEMBER else str(name)
