"""Apply many events in one transaction.

Locks are taken in one order everywhere: processed events, watchers, inboxes by their person, notifications, their
members, the history of tasks, who is held back, outbox.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events import AnyEvent
from contracts.events.notification import NotificationRequested
from contracts.events.user import UserRegistered, UserRenamed
from infra.clock import Clock
from infra.database.errors import retry_on_conflict
from infra.outbox.writer import append_rows
from infra.telemetry.logging import get_logger
from infra.telemetry.traceparent import traceparent_of_event, under
from notification_worker.audience.rules import Telling, telling_of
from notification_worker.commands.apply_observer import ApplyObserver
from notification_worker.commands.delivery_messages import delivery_messages
from notification_worker.commands.event_claims import claim, hold_off_erasures, is_processed
from notification_worker.commands.surroundings import Picture, note_kinds, read_picture, write_watchers
from notification_worker.commands.task_history import note_events, note_held_back
from notification_worker.commands.tell import reached_by, tell
from notification_worker.commands.withdrawing import Holders, find_holders
from notification_worker.models import outbox, users

AUDIENCE = 1_000
"""The most people that one transaction tells, so that nobody's own marking waits long for it."""

log = get_logger("apply_events")

Unknown = dict[str, list[str]]
"""The recipients of requests whom nobody knows, by the event's id."""


class Written(NamedTuple):
    """What a transaction has written: the events that are wholly applied with it, and the rows of inboxes it added."""

    events: Sequence[AnyEvent] = ()
    added_by_type: Mapping[str, int] = MappingProxyType({})
    unknown: Mapping[str, list[str]] = MappingProxyType({})


class AudienceTooLargeError(Exception):
    """These events tell too many people for one transaction; nothing was changed."""


async def apply_batch(database: AsyncEngine, events: Sequence[AnyEvent], clock: Clock, observer: ApplyObserver) -> None:
    """Apply those events that are new, all or none of them.

    Raises:
        AudienceTooLargeError: together they tell more than `AUDIENCE` people.
    """

    async def transaction() -> Written:
        async with database.begin() as connection:
            await hold_off_erasures(connection)
            new = await claim(connection, events)
            if not new:
                return Written()
            await _note_people(connection, new)
            picture = await read_picture(connection, new)
            unknown: Unknown = {}
            tellings = [telling for event in new if (telling := _judge(event, picture, unknown)) is not None]
            holders = await find_holders(connection, tellings, picture.watchers, clock())
            if sum(len(reached_by(telling, holders)) for telling in tellings) > AUDIENCE:
                raise AudienceTooLargeError
            await note_kinds(connection, new, clock())
            await write_watchers(connection, picture.changed)
            added = await _tell(connection, new, tellings, holders, picture=picture, clock=clock)
            return Written(new, added, unknown)

    written = await retry_on_conflict(transaction)
    _report(written.unknown)
    observer.applied(written.events)
    observer.repeated(len(events) - len(written.events))
    observer.notified(written.added_by_type)


async def apply_alone(database: AsyncEngine, event: AnyEvent, clock: Clock, observer: ApplyObserver) -> None:
    """Apply one event whose audience is large, in chunks of its people.

    The event is claimed last, with what it says of watchers: if we stop in between, it comes again, finds who was
    told already, and goes on from there.
    """
    after: UUID | None = None
    while True:
        after, written = await retry_on_conflict(partial(_apply_chunk, database, event, after, clock))
        _report(written.unknown)
        observer.notified(written.added_by_type)
        if after is None:
            observer.applied(written.events)
            observer.repeated(1 - len(written.events))
            return


async def _apply_chunk(
    database: AsyncEngine, event: AnyEvent, after: UUID | None, clock: Clock
) -> tuple[UUID | None, Written]:
    """Tell the next people after one; say up to whom, or None when the event is finished, and what was written."""
    async with database.begin() as connection:
        await hold_off_erasures(connection)
        if await is_processed(connection, event):
            return None, Written()
        picture = await read_picture(connection, [event])
        unknown: Unknown = {}
        telling = _judge(event, picture, unknown)
        if telling is not None:
            holders = await find_holders(connection, [telling], picture.watchers, clock())
            rest = sorted(one for one in reached_by(telling, holders) if after is None or one > after)
            if rest:
                chunk = set(rest[:AUDIENCE])
                some = {task_id: people & chunk for task_id, people in holders.items()}
                added = await _tell(connection, [event], [telling.only(chunk)], some, picture=picture, clock=clock)
                return max(chunk), Written(added_by_type=added)
        if not await claim(connection, [event]):
            # Another worker has finished it, and perhaps gone on: what was read here of watchers is of before.
            return None, Written()
        await note_kinds(connection, [event], clock())
        await write_watchers(connection, picture.changed)
    return None, Written([event], unknown=unknown)


async def _tell(
    connection: AsyncConnection,
    events: Sequence[AnyEvent],
    tellings: Sequence[Telling],
    holders: Holders,
    *,
    picture: Picture,
    clock: Clock,
) -> Mapping[str, int]:
    told = await tell(connection, tellings, holders, clock)
    await note_events(connection, events, picture.erased, clock())
    await note_held_back(connection, told.held_back)
    await append_rows(connection, outbox, delivery_messages(told.frames))
    return told.added_by_type


async def _note_people(connection: AsyncConnection, events: Sequence[AnyEvent]) -> None:
    """Note who exists; of somebody erased, a late event brings nothing back."""
    people = {event.data.user.id for event in events if isinstance(event, UserRegistered | UserRenamed)}
    if people:
        await connection.execute(
            insert(users).on_conflict_do_nothing(), [{"id": user_id} for user_id in sorted(people)]
        )


def _judge(event: AnyEvent, picture: Picture, unknown: Unknown) -> Telling | None:
    """Say whom an event tells; of a request's recipients the known ones, while the others are noted."""
    telling = telling_of(event, picture.apply(event))
    if telling is None or not isinstance(event, NotificationRequested):
        return telling
    strangers = [user_id for user_id in telling.people if user_id not in picture.registered]
    if strangers:
        unknown[event.id] = [str(user_id) for user_id in sorted(strangers)]
    return telling.only(picture.registered)


def _report(unknown: Mapping[str, list[str]]) -> None:
    for event_id, user_ids in unknown.items():
        with under(traceparent_of_event(event_id)):
            log.warning("recipients_unknown", event_id=event_id, count=len(user_ids), user_ids=user_ids)
