"""Read and write what a person wants to be told of at once, what together, and what not at all."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.notification_types import Frequency, NotificationType, Outcome
from infra.clock import Clock, system_clock
from infra.database.errors import retry_on_conflict
from notification_worker.audience.preferences import AT_ONCE, Preferences
from notification_worker.commands.inbox_log import lock_inboxes
from notification_worker.commands.people import hold_off_erasure_of
from notification_worker.commands.preference_rows import preferences_of
from notification_worker.commands.task_history import HeldBackEvent, note_held_back
from notification_worker.models import kinds, notification_members, preferences

KINDS = 200
"""The most kinds of other services that a person decides on, and the most that are shown to decide on."""

OWN_TYPES = (
    NotificationType.TASK_ASSIGNED.value,
    NotificationType.STATUS_CHANGED.value,
    NotificationType.COMMENT_ADDED.value,
)

_MEMBERS = notification_members.c


async def read_preferences(database: AsyncEngine, user_id: UUID) -> tuple[Preferences, tuple[str, ...]]:
    """Give what a person has decided, and the types that there are to decide on, Taskify's own first."""
    async with database.connect() as connection:
        return await _read(connection, user_id)


async def write_preferences(
    database: AsyncEngine, user_id: UUID, wanted: Preferences, *, clock: Clock = system_clock
) -> tuple[Preferences, tuple[str, ...]]:
    """Replace what a person has decided; give what holds now, as `read_preferences` does.

    What waits for a digest follows: of a type that is instant now it is due now, of one that is off it is dropped, of
    the others it waits for their next digest. What is due already stays due, so that nobody puts off a digest for ever.

    Raises:
        PersonErasedError: the person is gone.
    """

    async def transaction() -> tuple[Preferences, tuple[str, ...]]:
        async with database.begin() as connection:
            await hold_off_erasure_of(connection, user_id)
            # Under this lock nobody else decides by what holds until now, nor sends what waits.
            await lock_inboxes(connection, [user_id])
            await _write(connection, user_id, wanted)
            await _reschedule(connection, user_id, wanted, clock())
            return await _read(connection, user_id)

    return await retry_on_conflict(transaction)


async def _read(connection: AsyncConnection, user_id: UUID) -> tuple[Preferences, tuple[str, ...]]:
    found = await connection.execute(select(preferences).where(preferences.c.user_id == user_id))
    row = found.one_or_none()
    held = AT_ONCE if row is None else preferences_of(row.timezone, row.daily_at, row.frequencies)
    known = await connection.execute(select(kinds.c.kind).order_by(kinds.c.kind).limit(KINDS))
    # What was decided on comes first, so that it is shown however many kinds there are.
    decided = [name for name in sorted(held.frequencies) if name not in OWN_TYPES]
    shown = list(dict.fromkeys((*decided, *known.scalars())))[:KINDS]
    return held, (*OWN_TYPES, *sorted(shown))


async def _write(connection: AsyncConnection, user_id: UUID, wanted: Preferences) -> None:
    written = insert(preferences).values(
        user_id=user_id,
        timezone=wanted.timezone,
        daily_at=wanted.daily_at,
        frequencies={name: value.value for name, value in wanted.frequencies.items() if value is not Frequency.INSTANT},
    )
    await connection.execute(
        written.on_conflict_do_update(
            index_elements=["user_id"],
            set_={name: written.excluded[name] for name in ("timezone", "daily_at", "frequencies")},
        )
    )


async def _reschedule(connection: AsyncConnection, user_id: UUID, wanted: Preferences, now: datetime) -> None:
    waiting = (_MEMBERS.user_id == user_id) & _MEMBERS.due_at.is_not(None)
    found = await connection.execute(select(_MEMBERS.type).where(waiting).distinct())
    by_frequency: dict[Frequency, list[str]] = {}
    for notification_type in found.scalars():
        by_frequency.setdefault(wanted.frequency_of(notification_type), []).append(notification_type)
    for frequency, types in by_frequency.items():
        if frequency is Frequency.OFF:
            await _drop(connection, user_id, types)
            continue
        due = (
            {"due_at": now}
            if frequency is Frequency.INSTANT
            else {"due_at": wanted.next_digest(frequency, now), "frequency": frequency.value}
        )
        await connection.execute(
            update(notification_members).where(waiting, _MEMBERS.type.in_(types), _MEMBERS.due_at > now).values(due)
        )


async def _drop(connection: AsyncConnection, user_id: UUID, types: Sequence[str]) -> None:
    """Drop what waits, and note which rule held it back where there is an event of a task to note it at."""
    dropped = await connection.execute(
        delete(notification_members)
        .where(_MEMBERS.user_id == user_id, _MEMBERS.due_at.is_not(None), _MEMBERS.type.in_(types))
        .returning(_MEMBERS.event_source, _MEMBERS.event_id)
    )
    await note_held_back(
        connection,
        [HeldBackEvent(row.event_source, row.event_id, user_id, Outcome.PREFERENCE) for row in dropped],
    )
