"""Apply many events in one transaction.

Locks are taken in one order everywhere: processed events, watchers, inboxes by their person, notifications, their
members, the history of tasks, who is held back, outbox.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events import AnyEvent
from contracts.events.notification import NotificationRequested
from contracts.events.user import UserRegistered, UserRenamed
from infra.clock import Clock
from infra.database.errors import retry_on_conflict
from infra.outbox.writer import copy_messages
from infra.telemetry.logging import get_logger
from infra.telemetry.traceparent import traceparent_of_event, under
from notification_worker.audience.rules import Telling, telling_of
from notification_worker.commands.apply_observer import ApplyObserver
from notification_worker.commands.delivery_messages import delivery_messages
from notification_worker.commands.event_claims import claim, hold_off_erasures, key, unclaim
from notification_worker.commands.order import is_behind, order_key
from notification_worker.commands.surroundings import (
    Picture,
    note_kinds,
    read_picture,
    tells_watchers,
    write_watchers,
)
from notification_worker.commands.task_history import note_events, note_held_back
from notification_worker.commands.tell import reached_by, tell
from notification_worker.commands.withdrawing import Holders, find_holders
from notification_worker.models import outbox, users

LARGE_AUDIENCE = 200
"""An event with more watchers or recipients is told in chunks of so many; each transaction is over soon."""

AUDIENCE = 1_000
"""The most people that one transaction tells of many events, so that nobody's own marking waits long for it."""

log = get_logger("apply_events")

Unknown = dict[str, list[str]]
"""The recipients of requests whom nobody knows, by the event's id."""


class Written(NamedTuple):
    """What a transaction has written: the events that are wholly applied with it, and the rows of inboxes it added.

    `left` are the events that it left out: those with a large audience, and what comes after one of them.
    """

    events: Sequence[AnyEvent] = ()
    added_by_type: Mapping[str, int] = MappingProxyType({})
    unknown: Mapping[str, list[str]] = MappingProxyType({})
    left: Sequence[AnyEvent] = ()


class AudienceTooLargeError(Exception):
    """These events tell too many people for one transaction; nothing was changed."""


async def apply_batch(
    database: AsyncEngine, events: Sequence[AnyEvent], clock: Clock, observer: ApplyObserver
) -> Sequence[AnyEvent]:
    """Apply those events that are new and not left out, all or none of them; give those that are left out.

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
            picture = await read_picture(connection, new, LARGE_AUDIENCE)
            if large := _large(new, picture):
                await unclaim(connection, large)
                new = [event for event in new if key(event) not in large]
            unknown: Unknown = {}
            tellings = [telling for event in new if (telling := judge(event, picture, unknown)) is not None]
            holders = await find_holders(connection, tellings, picture.watchers, clock())
            if sum(len(reached_by(telling, holders)) for telling in tellings) > AUDIENCE:
                raise AudienceTooLargeError
            await note_kinds(connection, new, clock())
            await write_watchers(connection, picture.changed)
            added = await write_tellings(connection, new, tellings, holders, picture=picture, clock=clock)
            return Written(new, added, unknown, [event for event in events if key(event) in large])

    written = await retry_on_conflict(transaction)
    report_unknown(written.unknown)
    observer.applied(written.events)
    observer.repeated(len(events) - len(written.events) - len(written.left))
    observer.notified(written.added_by_type)
    return written.left


def _large(events: Sequence[AnyEvent], picture: Picture) -> set[tuple[str, str]]:
    """Name the events with a large audience, and those whose turn comes after one of them."""
    large: set[tuple[str, str]] = set()
    order_keys: set[str] = set()
    for event in events:
        is_large = is_behind(event, order_keys)
        if isinstance(event, NotificationRequested):
            is_large = is_large or len(event.data.recipients) > LARGE_AUDIENCE
        elif tells_watchers(event):
            is_large = is_large or event.data.task.id in picture.large
        if is_large:
            large.add(key(event))
            order_keys.add(order_key(event))
    return large


async def write_tellings(
    connection: AsyncConnection,
    events: Sequence[AnyEvent],
    tellings: Sequence[Telling],
    holders: Holders,
    *,
    picture: Picture,
    clock: Clock,
) -> Mapping[str, int]:
    """Write all that events tell, and what is kept of them; say how many rows of which type are new."""
    told = await tell(connection, tellings, holders, clock)
    await note_events(connection, events, picture.erased, clock())
    await note_held_back(connection, told.held_back)
    await copy_messages(connection, outbox, delivery_messages(told.frames))
    return told.added_by_type


async def _note_people(connection: AsyncConnection, events: Sequence[AnyEvent]) -> None:
    """Note who exists; of somebody erased, a late event brings nothing back."""
    people = {event.data.user.id for event in events if isinstance(event, UserRegistered | UserRenamed)}
    if people:
        await connection.execute(
            insert(users).on_conflict_do_nothing(), [{"id": user_id} for user_id in sorted(people)]
        )


def judge(event: AnyEvent, picture: Picture, unknown: Unknown) -> Telling | None:
    """Say whom an event tells; of a request's recipients the known ones, while the others are noted."""
    telling = telling_of(event, picture.apply(event))
    if telling is None or not isinstance(event, NotificationRequested):
        return telling
    strangers = [user_id for user_id in telling.people if user_id not in picture.registered]
    if strangers:
        unknown[event.id] = [str(user_id) for user_id in sorted(strangers)]
    return telling.only(picture.registered)


def report_unknown(unknown: Mapping[str, list[str]]) -> None:
    """Say which recipients nobody knows."""
    for event_id, user_ids in unknown.items():
        with under(traceparent_of_event(event_id)):
            log.warning("recipients_unknown", event_id=event_id, count=len(user_ids), user_ids=user_ids)
