"""Apply many events in one transaction.

Locks are taken in one order everywhere: processed events, watchers, inboxes by their person, notifications, outbox.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events import AnyEvent
from contracts.events.notification import NotificationRequested
from contracts.events.user import UserRegistered, UserRenamed
from infra.database.errors import retry_on_conflict
from infra.telemetry.logging import get_logger
from notification_worker.audience.rules import Telling, telling_of
from notification_worker.commands.event_claims import claim, hold_off_erasures, is_processed
from notification_worker.commands.surroundings import Picture, read_picture, write_watchers
from notification_worker.commands.tell import tell
from notification_worker.models import users

AUDIENCE = 1_000
"""The most people that one transaction tells, so that nobody's own marking waits long for it."""

log = get_logger("apply_events")

Unknown = dict[str, list[str]]
"""The recipients of requests whom nobody knows, by the event's id."""


class AudienceTooLargeError(Exception):
    """These events tell too many people for one transaction; nothing was changed."""


async def apply_batch(database: AsyncEngine, events: Sequence[AnyEvent]) -> None:
    """Apply those events that are new, all or none of them.

    Raises:
        AudienceTooLargeError: together they tell more than `AUDIENCE` people.
    """

    async def transaction() -> Unknown:
        async with database.begin() as connection:
            await hold_off_erasures(connection)
            new = await claim(connection, events)
            if not new:
                return {}
            await _note_people(connection, new)
            picture = await read_picture(connection, new)
            unknown: Unknown = {}
            tellings = [telling for event in new if (telling := _judge(event, picture, unknown)) is not None]
            if sum(len(telling.told) for telling in tellings) > AUDIENCE:
                raise AudienceTooLargeError
            await write_watchers(connection, picture.changed)
            await tell(connection, tellings)
            return unknown

    _report(await retry_on_conflict(transaction))


async def apply_alone(database: AsyncEngine, event: AnyEvent) -> None:
    """Apply one event whose audience is large, in chunks of its people.

    The event is claimed last, with what it says of watchers: if we stop in between, it comes again, finds who was
    told already, and goes on from there.
    """
    after: UUID | None = None
    while True:
        after = await retry_on_conflict(partial(_apply_chunk, database, event, after))
        if after is None:
            return


async def _apply_chunk(database: AsyncEngine, event: AnyEvent, after: UUID | None) -> UUID | None:
    """Tell the next people after one; say up to whom, or None when the event is finished."""
    async with database.begin() as connection:
        await hold_off_erasures(connection)
        if await is_processed(connection, event):
            return None
        picture = await read_picture(connection, [event])
        unknown: Unknown = {}
        telling = _judge(event, picture, unknown)
        rest = () if telling is None else tuple(one for one in telling.told if after is None or one.user_id > after)
        if telling is not None and rest:
            chunk = rest[:AUDIENCE]
            await tell(connection, [replace(telling, told=chunk)])
            return chunk[-1].user_id
        await claim(connection, [event])
        await write_watchers(connection, picture.changed)
    _report(unknown)
    return None


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
    known = tuple(one for one in telling.told if one.user_id in picture.registered)
    if len(known) < len(telling.told):
        unknown[event.id] = [str(one.user_id) for one in telling.told if one not in known]
    return replace(telling, told=known) if known else None


def _report(unknown: Unknown) -> None:
    for event_id, user_ids in unknown.items():
        log.warning("recipients_unknown", event_id=event_id, count=len(user_ids), user_ids=user_ids)
