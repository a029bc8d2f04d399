"""Tell people of events: rows, members and counts, inside the transaction of the events."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, literal_column, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.notification_types import NotificationType
from infra.clock import Clock
from infra.database.direct import Statement, within
from infra.telemetry.traceparent import traceparent_of_event
from notification_worker.audience.rules import Telling
from notification_worker.commands.holding import hold
from notification_worker.commands.inbox_changes import InboxChanges
from notification_worker.commands.inbox_log import lock_inboxes
from notification_worker.commands.joining import OpenRows, read_open_rows, tell_of_comment
from notification_worker.commands.notification_rows import columns_of
from notification_worker.commands.task_history import HeldBackEvent
from notification_worker.commands.withdrawing import Holders, Notices, note_notice, read_notices, withdraw
from notification_worker.models import held_back_events, notification_members, notifications

_WANTED = (
    func.unnest(
        bindparam("user_ids", type_=ARRAY(Uuid)),
        bindparam("sources", type_=ARRAY(Text)),
        bindparam("event_ids", type_=ARRAY(Text)),
    )
    .table_valued("user_id", "event_source", "event_id")
    .render_derived()
)

# Sought for each pair alone, by index, which the limit makes sure of: joined as a whole, tables are read as a whole.
_LEARNED = (
    union_all(
        *(
            select(table.c.user_id)
            .where(
                table.c.user_id == _WANTED.c.user_id,
                table.c.event_source == _WANTED.c.event_source,
                table.c.event_id == _WANTED.c.event_id,
            )
            .correlate(_WANTED)
            for table in (notifications, notification_members, held_back_events)
        )
    )
    .limit(literal_column("1"))
    .lateral()
)
_ALREADY = Statement(select(_WANTED).join_from(_WANTED, _LEARNED, true()))


Learned = dict[tuple[str, str], set[UUID]]
"""By an event's source and id, who has learned of it, or was held back from it."""


class Told(NamedTuple):
    """What is still to be written when the inboxes are: frames, and who was not told why; and how many rows are new."""

    frames: Sequence[str] = ()
    held_back: Sequence[HeldBackEvent] = ()
    added_by_type: Mapping[str, int] = MappingProxyType({})


async def tell(connection: AsyncConnection, tellings: Sequence[Telling], holders: Holders, clock: Clock) -> Told:
    """Tell each person of each event as if the events came one by one; every change takes the person's next `seq`.

    Whoever has learned of an event already, or was held back from it, is left out, and gets no number: so a part of an
    audience can be told again, and no number is taken twice or left out.
    """
    reached = [reached_by(telling, holders) for telling in tellings]
    everybody = set[UUID]().union(*reached)
    if not everybody:
        return Told()
    changes = InboxChanges(await lock_inboxes(connection, everybody), clock())
    already = await _already(connection, tellings, reached)
    open_rows = await read_open_rows(connection, tellings)
    notices = await read_notices(connection, holders, changes.now)
    held_back: list[HeldBackEvent] = []
    for telling, people in zip(tellings, reached, strict=True):
        changes.traceparent = traceparent_of_event(telling.event_id)
        changes.changed_at = telling.event_time
        known = already.get((telling.event_source, telling.event_id), set[UUID]())
        withdrawn, noted = withdraw(telling, notices, known, changes)
        held_back += noted
        untold = telling.only(people - known - withdrawn) if known or withdrawn else telling
        held_back += _tell_of(untold, open_rows, notices, changes)
    await changes.write(connection)
    return Told(changes.frames, held_back, changes.added_by_type())


def reached_by(telling: Telling, holders: Holders) -> set[UUID]:
    """Name everybody whose inbox an event may change."""
    people = set(telling.people)
    if telling.parts.type == NotificationType.STATUS_CHANGED and telling.parts.task_id is not None:
        people |= holders.get(telling.parts.task_id, set())
    return people


def _tell_of(telling: Telling, open_rows: OpenRows, notices: Notices, changes: InboxChanges) -> list[HeldBackEvent]:
    """Tell of one event whoever is still to be told; say who is held back."""
    shared = {
        **columns_of(telling.parts),
        "event_source": telling.event_source,
        "event_id": telling.event_id,
        "event_time": telling.event_time,
    }
    is_of_status = telling.parts.type == NotificationType.STATUS_CHANGED
    for told in telling.told:
        row = changes.entry(told.user_id, shared, told.reasons)
        if telling.parts.type == NotificationType.COMMENT_ADDED:
            tell_of_comment(row, told.reasons, open_rows, changes)
        else:
            changes.add(row)
        if is_of_status:
            note_notice(notices, row)
    for held in telling.held:
        member = hold(changes.entry(held.user_id, shared, held.reasons), held, changes)
        if is_of_status:
            note_notice(notices, member)
    return [
        HeldBackEvent(telling.event_source, telling.event_id, one.user_id, one.outcome) for one in telling.held_back
    ]


async def _already(connection: AsyncConnection, tellings: Sequence[Telling], reached: Sequence[set[UUID]]) -> Learned:
    """Find who has learned of which event, as a row or as a member, or was held back from it."""
    pairs = [
        (user_id, telling.event_source, telling.event_id)
        for telling, people in zip(tellings, reached, strict=True)
        for user_id in people
    ]
    user_ids, sources, event_ids = zip(*pairs, strict=True)
    found = await within(connection, _ALREADY, user_ids=user_ids, sources=sources, event_ids=event_ids)
    already: Learned = {}
    for user_id, source, event_id in found:
        already.setdefault((source, event_id), set()).add(user_id)
    return already
