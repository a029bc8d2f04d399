"""What a batch of events finds in the database, and how it changes from event to event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import AnyEvent, InvalidEventDataError
from contracts.events.notification import NotificationRequested
from contracts.events.task import TaskEventData
from contracts.notification_types import Reason
from notification_worker.audience.preferences import Preferences
from notification_worker.audience.rules import Surroundings
from notification_worker.audience.watching import TaskWatchers, Watching, watchers_after
from notification_worker.commands.preference_rows import preferences_of
from notification_worker.models import deleted_tasks, kinds, muted_tasks, preferences, users, watchers

_LARGEST_SEQUENCE = 2**63 - 1
"""What PostgreSQL's bigint holds."""

_TASKS = bindparam("task_ids", type_=ARRAY(Uuid))
_WATCHERS = select(watchers).where(watchers.c.task_id == func.any(_TASKS))
_DELETED = select(deleted_tasks.c.task_id).where(deleted_tasks.c.task_id == func.any(_TASKS))
_MUTED = select(muted_tasks.c.task_id, muted_tasks.c.user_id).where(muted_tasks.c.task_id == func.any(_TASKS))
_USERS = bindparam("user_ids", type_=ARRAY(Uuid))
_PEOPLE = select(users.c.id, users.c.erased_at).where(users.c.id == func.any(_USERS))
_KINDS = select(kinds.c.kind).where(kinds.c.kind == func.any(bindparam("kinds", type_=ARRAY(Text))))
_PREFERENCES = select(preferences).where(preferences.c.user_id == func.any(_USERS))


@dataclass(slots=True)
class Picture:
    """The tasks and people of a batch; who watches is kept up to date in memory while the batch goes on."""

    watchers: dict[UUID, TaskWatchers] = field(default_factory=dict)
    deleted: set[UUID] = field(default_factory=set)
    erased: set[UUID] = field(default_factory=set)
    registered: set[UUID] = field(default_factory=set)
    muted: dict[UUID, set[UUID]] = field(default_factory=dict)
    preferences: dict[UUID, Preferences] = field(default_factory=dict)
    changed: dict[tuple[UUID, UUID], Watching] = field(default_factory=dict)

    def apply(self, event: AnyEvent) -> Surroundings:
        """Apply what an event says of watchers; give what it is judged by."""
        if not isinstance(event.data, TaskEventData):
            return Surroundings({}, self.erased, preferences=self.preferences)
        task_id = event.data.task.id
        muted = self.muted.get(task_id, set())
        if task_id in self.deleted:
            return Surroundings({}, self.erased, task_deleted=True, muted=muted, preferences=self.preferences)
        before = self.watchers.get(task_id, {})
        after = {
            person: watching
            for person, watching in watchers_after(event, before, sequence_of(event)).items()
            if person not in self.erased
        }
        self.changed.update(
            {(task_id, person): watching for person, watching in after.items() if watching != before.get(person)}
        )
        self.watchers[task_id] = after
        return Surroundings(after, self.erased, muted=muted, preferences=self.preferences)


def sequence_of(event: AnyEvent) -> int:
    """Give the number of a task's event.

    Raises:
        InvalidEventDataError: it has none, so nobody can say what it comes after.
    """
    if event.sequence is None or int(event.sequence) > _LARGEST_SEQUENCE:
        raise InvalidEventDataError(f"sequence: an event of a task needs one, up to {_LARGEST_SEQUENCE}")
    return int(event.sequence)


async def read_picture(connection: AsyncConnection, events: Sequence[AnyEvent]) -> Picture:
    """Read what these events need to be judged."""
    picture = Picture()
    tasks = {event.data.task.id for event in events if isinstance(event.data, TaskEventData)}
    if tasks:
        found = await connection.execute(_WATCHERS, {"task_ids": list(tasks)})
        for row in found:
            picture.watchers.setdefault(row.task_id, {})[row.user_id] = Watching(
                frozenset(map(Reason, row.reasons)), row.watched_sequence, row.stopped_sequence
            )
        deleted = await connection.execute(_DELETED, {"task_ids": list(tasks)})
        picture.deleted.update(deleted.scalars())
        for row in await connection.execute(_MUTED, {"task_ids": list(tasks)}):
            picture.muted.setdefault(row.task_id, set()).add(row.user_id)
    people = set(_people_of(events)).union(*picture.watchers.values())
    known = await connection.execute(_PEOPLE, {"user_ids": list(people)})
    for row in known:
        (picture.registered if row.erased_at is None else picture.erased).add(row.id)
    chosen = await connection.execute(_PREFERENCES, {"user_ids": list(people)})
    picture.preferences.update({row.user_id: preferences_of(row) for row in chosen})
    return picture


async def note_kinds(connection: AsyncConnection, events: Iterable[AnyEvent], now: datetime) -> None:
    """Note the types that other services send, each when it comes first."""
    sent: dict[str, str] = {}
    for event in events:
        if isinstance(event, NotificationRequested):
            sent.setdefault(event.data.kind, event.source)
    if not sent:
        return
    noted = set((await connection.execute(_KINDS, {"kinds": list(sent)})).scalars())
    new = [
        {"kind": kind, "source": source, "first_seen_at": now}
        for kind, source in sorted(sent.items())
        if kind not in noted
    ]
    if new:
        await connection.execute(insert(kinds).on_conflict_do_nothing(), new)


async def write_watchers(connection: AsyncConnection, changed: dict[tuple[UUID, UUID], Watching]) -> None:
    """Write the watchers that changed, in the order of task and person."""
    if not changed:
        return
    written = insert(watchers)
    await connection.execute(
        written.on_conflict_do_update(
            index_elements=["task_id", "user_id"],
            set_={
                "reasons": written.excluded.reasons,
                "watched_sequence": written.excluded.watched_sequence,
                "stopped_sequence": written.excluded.stopped_sequence,
            },
        ),
        [
            {
                "task_id": task_id,
                "user_id": user_id,
                "reasons": sorted(watching.reasons),
                "watched_sequence": watching.watched_sequence,
                "stopped_sequence": watching.stopped_sequence,
            }
            for (task_id, user_id), watching in sorted(changed.items(), key=lambda pair: pair[0])
        ],
    )


def _people_of(events: Iterable[AnyEvent]) -> Iterable[UUID]:
    """Name everybody whom the events themselves name."""
    for event in events:
        data = event.data
        if isinstance(data, TaskEventData):
            yield data.actor.id
            yield from (added.person.id for added in data.watchers_added)
            if (assignee := getattr(data, "assignee", None)) is not None:
                yield assignee.id
        elif isinstance(event, NotificationRequested):
            yield from event.data.recipients
            if event.data.actor is not None:
                yield event.data.actor.id
