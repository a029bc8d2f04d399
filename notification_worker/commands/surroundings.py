"""What a batch of events finds in the database, and how it changes from event to event."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Text, Uuid, bindparam, cast, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import AnyEvent, InvalidEventDataError
from contracts.events.notification import NotificationRequested
from contracts.events.task import TaskCommentAdded, TaskEventData, TaskStatusChanged
from contracts.notification_types import Reason
from infra.database.direct import Record, Statement, within
from notification_worker.audience.preferences import Preferences
from notification_worker.audience.rules import Surroundings
from notification_worker.audience.watching import TaskWatchers, Watching, watchers_after
from notification_worker.commands.preference_rows import preferences_of
from notification_worker.models import deleted_tasks, kinds, muted_tasks, preferences, users, watchers

_LARGEST_SEQUENCE = 2**63 - 1
"""What PostgreSQL's bigint holds."""

FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
"""Nobody's ids, before and behind everybody's."""

_TASKS = bindparam("task_ids", type_=ARRAY(Uuid))
_TASK = func.unnest(_TASKS).table_valued("task_id").render_derived()
_MOST = bindparam("most", type_=Integer)
_SOME = (
    select(watchers)
    .where(watchers.c.task_id == _TASK.c.task_id)
    .order_by(watchers.c.user_id)
    .limit(_MOST)
    .lateral("some_watchers")
)
_WATCHERS = Statement(select(_SOME).join_from(_TASK, _SOME, true()))
_AFTER, _UP_TO = bindparam("after", type_=Uuid), bindparam("up_to", type_=Uuid)
_NEXT_WATCHERS = Statement(
    select(watchers)
    .where(watchers.c.task_id == bindparam("task_id", type_=Uuid), watchers.c.user_id > _AFTER)
    .order_by(watchers.c.user_id)
    .limit(_MOST)
)
_NAMED = (
    func.unnest(_TASKS, bindparam("user_ids", type_=ARRAY(Uuid))).table_valued("task_id", "user_id").render_derived()
)
_NAMED_WATCHERS = Statement(
    select(watchers).join_from(
        _NAMED, watchers, (watchers.c.task_id == _NAMED.c.task_id) & (watchers.c.user_id == _NAMED.c.user_id)
    )
)
_DELETED = Statement(select(deleted_tasks.c.task_id).where(deleted_tasks.c.task_id == func.any(_TASKS)))
_MUTING = select(muted_tasks.c.task_id, muted_tasks.c.user_id).where(muted_tasks.c.task_id == func.any(_TASKS))
_MUTED = Statement(_MUTING)
_MUTED_BY_NEXT = Statement(_MUTING.where(muted_tasks.c.user_id > _AFTER, muted_tasks.c.user_id <= _UP_TO))
_USERS = bindparam("user_ids", type_=ARRAY(Uuid))
_PEOPLE = Statement(select(users.c.id, users.c.erased_at).where(users.c.id == func.any(_USERS)))
_KINDS = select(kinds.c.kind).where(kinds.c.kind == func.any(bindparam("kinds", type_=ARRAY(Text))))
_PREFERENCES = Statement(
    select(
        preferences.c.user_id,
        preferences.c.timezone,
        preferences.c.daily_at,
        cast(preferences.c.frequencies, Text).label("frequencies"),
    ).where(preferences.c.user_id == func.any(_USERS))
)


@dataclass(slots=True)
class Picture:
    """The tasks and people of a batch; who watches is kept up to date in memory while the batch goes on.

    Of the tasks in `large` only those watchers are here whom the events name.
    """

    large: set[UUID] = field(default_factory=set)
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
            {
                (task_id, person): watching
                for person, watching in after.items()
                # Mostly nothing has changed, and to compare two that are equal takes longer than all else here.
                if watching is not (earlier := before.get(person)) and watching != earlier
            }
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


def tells_watchers(event: AnyEvent) -> bool:
    """Say whether an event is told to everybody who watches its task, so that all of them are needed to judge it."""
    return isinstance(event, TaskStatusChanged | TaskCommentAdded)


async def read_picture(connection: AsyncConnection, events: Sequence[AnyEvent], most: int) -> Picture:
    """Read what these events need to be judged; tasks with more than so many watchers are `large`."""
    picture = Picture()
    of_tasks = [event for event in events if isinstance(event.data, TaskEventData)]
    tasks = {event.data.task.id for event in of_tasks}
    if told := {event.data.task.id for event in of_tasks if tells_watchers(event)}:
        _note_watchers(picture, await within(connection, _WATCHERS, task_ids=list(told), most=most + 1))
        picture.large = {task_id for task_id, people in picture.watchers.items() if len(people) > most}
        for task_id in picture.large:
            del picture.watchers[task_id]
    await _read_named(connection, picture, [one for one in of_tasks if one.data.task.id not in picture.watchers])
    if tasks:
        for task_id, user_id in await within(connection, _MUTED, task_ids=list(tasks)):
            picture.muted.setdefault(task_id, set()).add(user_id)
    await _read_people(connection, picture, events, tasks)
    return picture


async def read_next_watchers(
    connection: AsyncConnection, event: AnyEvent, after: UUID, most: int
) -> tuple[Picture, UUID]:
    """Read what an event needs to be judged for the next watchers after one; say up to whom.

    After the `LAST` it is only whom the event names.
    """
    picture, up_to = Picture(), LAST
    if isinstance(event.data, TaskEventData):
        task_id = event.data.task.id
        if tells_watchers(event) and after < LAST:
            found = await within(connection, _NEXT_WATCHERS, task_id=task_id, after=after, most=most)
            _note_watchers(picture, found)
            people = picture.watchers.get(task_id, {})
            up_to = max(people) if len(people) == most else LAST
        else:
            await _read_named(connection, picture, [event])
        muted = await within(connection, _MUTED_BY_NEXT, task_ids=[task_id], after=after, up_to=up_to)
        picture.muted = {task_id: {row["user_id"] for row in muted}}
        await _read_people(connection, picture, [event], {task_id})
    else:
        await _read_people(connection, picture, [event], set())
    return picture, up_to


def _note_watchers(picture: Picture, found: Iterable[Record]) -> None:
    for task_id, user_id, reasons, watched_sequence, stopped_sequence in found:
        picture.watchers.setdefault(task_id, {})[user_id] = Watching(
            _reasons(tuple(reasons)), watched_sequence, stopped_sequence
        )


async def _read_named(connection: AsyncConnection, picture: Picture, events: Iterable[AnyEvent]) -> None:
    """Read of those whom the events name how they watch."""
    if named := {(event.data.task.id, person) for event in events for person in _people_of([event])}:
        task_ids, user_ids = zip(*named, strict=True)
        _note_watchers(picture, await within(connection, _NAMED_WATCHERS, task_ids=task_ids, user_ids=user_ids))


async def _read_people(
    connection: AsyncConnection, picture: Picture, events: Iterable[AnyEvent], tasks: Collection[UUID]
) -> None:
    if tasks:
        picture.deleted.update(row["task_id"] for row in await within(connection, _DELETED, task_ids=list(tasks)))
    people = list(set(_people_of(events)).union(*picture.watchers.values()))
    for user_id, erased_at in await within(connection, _PEOPLE, user_ids=people):
        (picture.registered if erased_at is None else picture.erased).add(user_id)
    # Their rows may not be gone yet.
    for watching in picture.watchers.values():
        for person in picture.erased & watching.keys():
            del watching[person]
    for user_id, timezone, daily_at, frequencies in await within(connection, _PREFERENCES, user_ids=people):
        picture.preferences[user_id] = preferences_of(timezone, daily_at, json.loads(frequencies))


@cache
def _reasons(texts: tuple[str, ...]) -> frozenset[Reason]:
    """Make the same few sets once."""
    return frozenset(map(Reason, texts))


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


@cache
def _roles(data: type[TaskEventData]) -> tuple[str, ...]:
    """Name the fields of a kind of data that hold somebody; to ask a model for what it has not is dear."""
    return tuple(role for role in ("assignee", "watcher") if role in data.model_fields)


def _people_of(events: Iterable[AnyEvent]) -> Iterable[UUID]:
    """Name everybody whom the events themselves name."""
    for event in events:
        data = event.data
        if isinstance(data, TaskEventData):
            yield data.actor.id
            yield from (added.person.id for added in data.watchers_added)
            for role in _roles(type(data)):
                if (named := getattr(data, role)) is not None:
                    yield named.id
        elif isinstance(event, NotificationRequested):
            yield from event.data.recipients
            if event.data.actor is not None:
                yield event.data.actor.id
