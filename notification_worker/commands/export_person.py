"""Everything that this service holds about a person, as the parts of one export.

The request is noted when its event is applied, and answered beside the lanes, so that a long inbox holds up nobody's
notifications. All parts are read from one snapshot and go into the outbox in one transaction. It is read twice, since
each part says how many there are, and so no more than one part is in memory at a time.

Of notifications of other people that name this one only the number is told: their content is the others'.

The snapshot may name somebody who is erased while it is read. So at its end erasures are held off, and if somebody has
been erased since, nothing is written and it is read anew. To hold them off all the time would hold up all events, which
wait behind an erasure that waits.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Row, Select, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from contracts.events.user import (
    EXPORT_PART_BYTES,
    EXPORT_PARTS,
    UserExported,
    UserExportedData,
    UserExportRequested,
)
from contracts.model import rfc3339
from contracts.topology import NOTIFICATION_WORKER
from infra.clock import Clock, system_clock
from infra.database.errors import retry_on_conflict
from infra.outbox.message import event_message
from infra.outbox.writer import append_rows
from infra.telemetry.logging import get_logger
from notification_worker.audience.former_names import without_name
from notification_worker.audience.wording import message_of
from notification_worker.commands.event_claims import claim, hold_off_erasures
from notification_worker.commands.notification_rows import parts_of
from notification_worker.models import (
    export_requests,
    held_back_events,
    inboxes,
    muted_tasks,
    notification_members,
    notifications,
    outbox,
    preferences,
    removed_notifications,
    task_events,
    users,
    watchers,
)

SOURCE = f"/{NOTIFICATION_WORKER}"

_ROWS_BYTES = EXPORT_PART_BYTES * 9 // 10
"""What the rows of a part take; the rest is for the names of its sections."""

_FETCHED = 200
_READINGS = 5
_TOLD = ("notifications", "notification_members")
_ERASED_AT = users.c.erased_at.label("actor_erased_at")

Document = dict[str, JsonValue]

log = get_logger("exports")


async def note_export_request(database: AsyncEngine, event: UserExportRequested, clock: Clock = system_clock) -> bool:
    """Note that an export is asked for; say whether that is new."""

    async def transaction() -> bool:
        async with database.begin() as connection:
            if not await claim(connection, [event]):
                return False
            await connection.execute(
                insert(export_requests).values(
                    event_source=event.source,
                    event_id=event.id,
                    user_id=event.data.user_id,
                    export_id=event.data.export_id,
                    requested_at=clock(),
                )
            )
            return True

    return await retry_on_conflict(transaction)


async def answer_export_request(database: AsyncEngine, *, clock: Clock = system_clock) -> bool:
    """Write the answer to one request, if there is one that nobody else answers at this moment; say whether.

    If somebody is erased during each of `_READINGS` readings it is left for the next time.
    """

    async def transaction() -> bool:
        async with database.connect() as plain:
            connection = await plain.execution_options(isolation_level="REPEATABLE READ")
            async with connection.begin():
                oldest = select(export_requests).order_by(export_requests.c.requested_at).limit(1)
                # An erasure waits here for us: whoever is erased meanwhile has their answer, which then serves nobody.
                request = (await connection.execute(oldest.with_for_update(skip_locked=True))).one_or_none()
                if request is None:
                    return False
                erased = await _count_erased(connection)
                await _answer(connection, request, clock())
                await hold_off_erasures(connection)
                async with database.connect() as present:
                    if await _count_erased(present) != erased:
                        raise _SomebodyErasedError
                this = export_requests.c.event_id == request.event_id
                await connection.execute(
                    delete(export_requests).where(this, export_requests.c.event_source == request.event_source)
                )
                return True

    for _ in range(_READINGS):
        try:
            return await retry_on_conflict(transaction)
        except _SomebodyErasedError:
            log.info("export_read_anew")
    return False


class _SomebodyErasedError(Exception):
    """What was read may name somebody who is erased by now."""


async def _count_erased(connection: AsyncConnection) -> int:
    """Count who was erased: whoever is stays so, and none of these rows goes."""
    return await connection.scalar(select(func.count()).where(users.c.erased_at.is_not(None))) or 0


async def _answer(connection: AsyncConnection, request: Row[Any], now: datetime) -> None:
    parts = 0
    async with aclosing(_documents(connection, request.user_id)) as documents:
        async for _ in documents:
            parts += 1
    if parts > EXPORT_PARTS:
        log.error("export_cut_off", parts=parts, kept=EXPORT_PARTS)
        parts = EXPORT_PARTS
    async with aclosing(_documents(connection, request.user_id)) as documents:
        part = 0
        async for document in documents:
            part += 1
            data = UserExportedData(
                export_id=request.export_id,
                user_id=request.user_id,
                service=NOTIFICATION_WORKER,
                part=part,
                parts=parts,
                document=document,
            )
            event = UserExported(
                id=str(uuid7()),
                source=SOURCE,
                subject=str(request.user_id),
                partitionkey=str(request.user_id),
                time=now,
                data=data,
            )
            await append_rows(connection, outbox, [event_message(event, event.routing_key)])
            if part == parts:
                break
    log.info("export_answered", parts=parts)


async def _documents(connection: AsyncConnection, user_id: UUID) -> AsyncGenerator[Document]:
    """Give the parts; every section is named in one of them, also one that has no rows."""
    document: dict[str, Any] = await _single_facts(connection, user_id)
    size = len(json.dumps(document))
    for section, query in _sections(user_id).items():
        document[section] = []
        rows = await connection.stream(query.execution_options(yield_per=_FETCHED))
        async for row in rows.mappings():
            item = _item(section, dict(row))
            item_bytes = len(json.dumps(item, ensure_ascii=False).encode())
            if size + item_bytes > _ROWS_BYTES and size:
                yield document
                document, size = {section: []}, 0
            document[section].append(item)
            size += item_bytes + 2
    yield document


async def _single_facts(connection: AsyncConnection, user_id: UUID) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for section, query in {
        "person": select(users).where(users.c.id == user_id),
        "inbox": select(inboxes).where(inboxes.c.user_id == user_id),
        "preferences": select(preferences).where(preferences.c.user_id == user_id),
    }.items():
        row = (await connection.execute(query)).mappings().one_or_none()
        facts[section] = None if row is None else _item(section, dict(row))
    named = {}
    for table in (notifications, notification_members):
        of_others = (table.c.actor_id == user_id) & (table.c.user_id != user_id)
        named[table.name] = await connection.scalar(select(func.count()).where(of_others))
    facts["named_in_inboxes_of_others"] = named
    return facts


def _sections(user_id: UUID) -> Mapping[str, Select[Any]]:
    """Give what a person has many of, each in an order that is the same both times."""
    rows, members, removed = notifications.c, notification_members.c, removed_notifications.c
    events = task_events.c
    return {
        "notifications": select(notifications, _ERASED_AT)
        .outerjoin(users, users.c.id == rows.actor_id)
        .where(rows.user_id == user_id)
        .order_by(rows.created_at, rows.id),
        "notification_members": select(notification_members, _ERASED_AT)
        .outerjoin(users, users.c.id == members.actor_id)
        .where(members.user_id == user_id)
        .order_by(members.created_at, members.id),
        "removed_notifications": select(removed_notifications)
        .where(removed.user_id == user_id)
        .order_by(removed.seq, removed.notification_id),
        "watched_tasks": select(watchers).where(watchers.c.user_id == user_id).order_by(watchers.c.task_id),
        "muted_tasks": select(muted_tasks).where(muted_tasks.c.user_id == user_id).order_by(muted_tasks.c.task_id),
        "held_back_events": select(held_back_events)
        .where(held_back_events.c.user_id == user_id)
        .order_by(held_back_events.c.event_source, held_back_events.c.event_id),
        "task_events": select(task_events)
        .where(or_(events.actor_id == user_id, events.assignee_id == user_id))
        .order_by(events.recorded_at, events.event_source, events.event_id),
    }


def _item(section: str, row: dict[str, Any]) -> dict[str, JsonValue]:
    """Give a row as it is kept, and a notification with the words that the person was shown."""
    if section in _TOLD and row.pop(_ERASED_AT.name) is not None:
        # Whose name is on its way out of this row, or will be: an erasure goes from inbox to inbox.
        message, name = row["message"], row["actor_name"]
        row |= {"actor_id": None, "actor_name": None, "message": message and without_name(message, name or "")}
    item: dict[str, JsonValue] = {name: _json(value) for name, value in row.items() if name != "user_id"}
    if section in _TOLD:
        item["text"] = message_of(parts_of(row))
    return item


def _json(value: Any) -> JsonValue:  # noqa: ANN401 (whatever a column holds)
    if isinstance(value, datetime):
        return rfc3339(value)
    if value is None or isinstance(value, bool | int | list | dict):
        return value
    return str(value)
