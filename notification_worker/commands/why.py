"""Say why somebody was told of something, or why not."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events import type_of
from contracts.events.notification import NotificationRequested
from contracts.events.task import TaskAssigned, TaskCommentAdded, TaskStatusChanged
from contracts.model import ContractModel, Moment
from contracts.notification_types import NotificationType, Outcome
from infra.clock import Clock, system_clock
from notification_worker.commands.errors import NotificationNotFoundError
from notification_worker.models import held_back_events, notification_members, notifications, task_events, watchers

RECENT_EVENTS = 50

_ASSIGNED = type_of(TaskAssigned)
_EVENT_TYPES = {
    NotificationType.TASK_ASSIGNED.value: _ASSIGNED,
    NotificationType.STATUS_CHANGED.value: type_of(TaskStatusChanged),
    NotificationType.COMMENT_ADDED.value: type_of(TaskCommentAdded),
}
_REQUESTED = type_of(NotificationRequested)


class EventReference(ContractModel):
    """An event, as CloudEvents names it: by `source` and `id` together."""

    source: str
    id: str
    type: str
    time: Moment


class Why(ContractModel):
    """The event that a notification began with, and all reasons; a digest comes from no event, only its members do."""

    event: EventReference | None
    reasons: tuple[str, ...]
    count: int


class JudgedEvent(ContractModel):
    """What became of an event for one person.

    `notification_id` is that of the row that stands for the event. It is null unless the outcome is `told`, and also
    for `told` when the row is gone since it is too old.
    """

    event: EventReference
    actor_id: UUID | None
    outcome: Outcome
    notification_id: UUID | None


async def why(database: AsyncEngine, user_id: UUID, told_id: UUID) -> Why:
    """Explain a notification, or a member of one, by its id.

    Raises:
        NotificationNotFoundError: it is neither, or somebody else's.
    """
    rows, members = notifications.c, notification_members.c
    async with database.connect() as connection:
        row = (
            await connection.execute(select(notifications).where(rows.user_id == user_id, rows.id == told_id))
        ).one_or_none()
        if row is not None:
            event = None if row.type == NotificationType.DIGEST else _event_of(row)
            return Why(event=event, reasons=tuple(row.reasons), count=row.count)
        member = (
            await connection.execute(
                select(notification_members).where(members.user_id == user_id, members.id == told_id)
            )
        ).one_or_none()
    if member is None:
        raise NotificationNotFoundError("there is no such notification")
    return Why(event=_event_of(member), reasons=tuple(member.reasons), count=1)


def _event_of(row: Row[Any]) -> EventReference:
    return EventReference(
        source=row.event_source,
        id=row.event_id,
        type=_EVENT_TYPES.get(row.type, _REQUESTED),
        # Rows from before the times of events were kept.
        time=row.created_at if row.event_time is None else row.event_time,
    )


async def why_not(
    database: AsyncEngine, user_id: UUID, task_id: UUID, *, history: timedelta, clock: Clock = system_clock
) -> tuple[JudgedEvent, ...]:
    """Say of the latest events of a task, newest first, what became of each for a person; `RECENT_EVENTS` at most.

    Events from before the history are left out: their notifications may be gone. A row that was joined by later
    events goes with the age of its first, so one of a recent event may be gone too. Then only the watching can say
    that the person was told: where it is certain (the assignee; or who began to watch before the event for the last
    time, and has not stopped since), the outcome is `told` without a notification; else it is `not_watching`.
    """
    events = task_events.c
    recent = (
        select(task_events)
        .where(events.task_id == task_id, events.recorded_at >= clock() - history)
        .order_by(events.sequence.desc())
        .limit(RECENT_EVENTS)
    ).subquery()
    rows, members, held = notifications.c, notification_members.c, held_back_events.c
    found = (
        select(
            recent,
            rows.id.label("row_id"),
            members.id.label("member_id"),
            members.notification_id,
            held.outcome,
        )
        .outerjoin(
            notifications,
            and_(
                rows.user_id == user_id,
                rows.event_source == recent.c.event_source,
                rows.event_id == recent.c.event_id,
            ),
        )
        .outerjoin(
            notification_members,
            and_(
                members.user_id == user_id,
                members.event_source == recent.c.event_source,
                members.event_id == recent.c.event_id,
            ),
        )
        .outerjoin(
            held_back_events,
            and_(
                held.event_source == recent.c.event_source,
                held.event_id == recent.c.event_id,
                held.user_id == user_id,
            ),
        )
        .order_by(recent.c.sequence.desc())
    )
    async with database.connect() as connection:
        watched_from = await _watched_from(connection, user_id, task_id)
        return tuple(_judged(row, user_id, watched_from) for row in await connection.execute(found))


async def _watched_from(connection: AsyncConnection, user_id: UUID, task_id: UUID) -> int | None:
    """Give the sequence from which on the person has watched for certain, or None."""
    watching = watchers.c
    return await connection.scalar(
        select(watching.watched_sequence).where(
            watching.task_id == task_id,
            watching.user_id == user_id,
            watching.watched_sequence > watching.stopped_sequence,
        )
    )


def _judged(row: Row[Any], user_id: UUID, watched_from: int | None) -> JudgedEvent:
    notification_id = row.notification_id if row.row_id is None else row.row_id
    return JudgedEvent(
        event=EventReference(source=row.event_source, id=row.event_id, type=row.type, time=row.event_time),
        actor_id=row.actor_id,
        outcome=_outcome(row, user_id, watched_from),
        notification_id=notification_id,
    )


def _outcome(row: Row[Any], user_id: UUID, watched_from: int | None) -> Outcome:
    if row.row_id is not None or row.notification_id is not None:
        return Outcome.TOLD
    if row.member_id is not None:
        return Outcome.WAITS_FOR_DIGEST
    if row.outcome is not None:
        return Outcome(row.outcome)
    if row.actor_id == user_id:
        return Outcome.OWN_ACTION
    if row.type == _ASSIGNED:
        return Outcome.TOLD if row.assignee_id == user_id else Outcome.NOT_THE_ASSIGNEE
    return Outcome.TOLD if watched_from is not None and watched_from <= row.sequence else Outcome.NOT_WATCHING
