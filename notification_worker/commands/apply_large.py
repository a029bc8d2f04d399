"""Apply one event whose audience is large, in chunks of its people, each in a transaction of its own.

Whoever wants one of these inboxes, or a turn of the event loop, waits for one chunk at most. A chunk reads its own
people and nobody else's, so that the cost of an event grows with its audience, and no faster.
"""

from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.notification import NotificationRequested
from infra.clock import Clock
from infra.database.errors import retry_on_conflict
from notification_worker.commands import apply_batch
from notification_worker.commands.apply_batch import Unknown, Written, judge, report_unknown, write_tellings
from notification_worker.commands.apply_observer import ApplyObserver
from notification_worker.commands.event_claims import claim, hold_off_erasures, is_processed
from notification_worker.commands.surroundings import (
    FIRST,
    LAST,
    note_kinds,
    read_next_watchers,
    write_watchers,
)
from notification_worker.commands.tell import reached_by
from notification_worker.commands.withdrawing import find_holders


async def apply_large(database: AsyncEngine, event: AnyEvent, clock: Clock, observer: ApplyObserver) -> None:
    """Apply one event, in as many transactions as it takes.

    The event is claimed last, with what it says of watchers: if we stop in between, it comes again, finds who was
    told already, and goes on from there.
    """
    after = FIRST
    while True:
        up_to, written = await retry_on_conflict(partial(apply_chunk, database, event, after, clock))
        observer.notified(written.added_by_type)
        if up_to is None:
            break
        after = up_to
    report_unknown(written.unknown)
    observer.applied(written.events)
    observer.repeated(1 - len(written.events))


async def apply_chunk(database: AsyncEngine, event: AnyEvent, after: UUID, clock: Clock) -> tuple[UUID | None, Written]:
    """Tell the next people after one; say up to whom, or None when the event is finished, and what was written."""
    async with database.begin() as connection:
        await hold_off_erasures(connection)
        picture, up_to = await read_next_watchers(connection, event, after, apply_batch.LARGE_AUDIENCE)
        # Asked after the reading: whoever watches by a later event, does so since this one was finished elsewhere.
        if await is_processed(connection, event):
            return None, Written()
        if isinstance(event, NotificationRequested):
            up_to = _up_to(event, after)
        unknown: Unknown = {}
        telling = judge(event, picture, unknown)
        if telling is not None and after < LAST:
            found = await find_holders(connection, [telling], picture.watchers, clock())
            people = {one for one in reached_by(telling, found) if after < one <= up_to}
            holders = {task_id: held & people for task_id, held in found.items()}
            added = await write_tellings(
                connection, [event], [telling.only(people)], holders, picture=picture, clock=clock
            )
            return up_to, Written(added_by_type=added)
        if not await claim(connection, [event]):
            # Another worker has finished it, and perhaps gone on: what was read here of watchers is of before.
            return None, Written()
        await note_kinds(connection, [event], clock())
        await write_watchers(connection, picture.changed)
    return None, Written([event], unknown=unknown)


def _up_to(event: NotificationRequested, after: UUID) -> UUID:
    rest = sorted(one for one in event.data.recipients if one > after)
    return rest[apply_batch.LARGE_AUDIENCE - 1] if len(rest) > apply_batch.LARGE_AUDIENCE else LAST
