"""A task's status that goes back at once takes back what was said of its going, as long as that is unread."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Table,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import LateralFromClause

from contracts.notification_types import NotificationType, Outcome
from notification_worker.audience.collapsing import WITHDRAWN_WITHIN, Happening, reverses
from notification_worker.audience.rules import Telling
from notification_worker.audience.watching import TaskWatchers
from notification_worker.commands.inbox_changes import InboxChanges
from notification_worker.commands.notification_rows import Columns, parts_of
from notification_worker.commands.task_history import HeldBackEvent
from notification_worker.models import notification_members, notifications

# As a literal, so that the planner sees that the partial index holds every row that is asked for.
_TYPE: ColumnElement[str] = literal_column(f"'{NotificationType.STATUS_CHANGED.value}'")
_WANTED = (
    func.unnest(bindparam("task_ids", type_=ARRAY(Uuid)), bindparam("user_ids", type_=ARRAY(Uuid)))
    .table_valued("task_id", "user_id")
    .render_derived()
)


_SINCE = bindparam("since", type_=DateTime(timezone=True))


def _young(table: Table, state: ColumnElement[bool]) -> LateralFromClause:
    """Give what one person holds of one task; sought for each alone, by index, which the offset makes sure of."""
    columns = table.c
    return (
        select(table)
        .where(
            columns.task_id == _WANTED.c.task_id,
            columns.user_id == _WANTED.c.user_id,
            columns.type == _TYPE,
            columns.created_at > _SINCE,
            state,
        )
        .offset(literal_column("0"))
        .lateral()
    )


_ROW = _young(notifications, notifications.c.read_at.is_(None))
_MEMBER = _young(notification_members, notification_members.c.due_at.is_not(None))
_HOLDERS = union_all(
    *(
        select(held.c.task_id, held.c.user_id, held.c.old_status, held.c.new_status).join_from(_WANTED, held, true())
        for held in (_ROW, _MEMBER)
    )
)
_OPEN_ROWS = select(_ROW).join_from(_WANTED, _ROW, true())
_WAITING_MEMBERS = select(_MEMBER).join_from(_WANTED, _MEMBER, true())

Holders = dict[UUID, set[UUID]]
"""By task, the people who hold what an event of the batch may take back."""

Notices = dict[UUID, dict[UUID, list[Columns]]]
"""By task and person the young unread rows and waiting members about its status, the oldest first."""


async def find_holders(
    connection: AsyncConnection, tellings: Sequence[Telling], watchers: Mapping[UUID, TaskWatchers], now: datetime
) -> Holders:
    """Find who may be concerned beyond those whom the events tell: the actors themselves, and who left meanwhile.

    Whoever was ever told of a task's status is among its watchers, of now or of before.
    """
    undone: set[tuple[UUID, str, str]] = set()
    for telling in tellings:
        parts = telling.parts
        if parts.task_id is not None and parts.old_status is not None and parts.new_status is not None:
            undone.add((parts.task_id, parts.new_status, parts.old_status))
    wanted = {(task_id, user_id) for task_id, *_ in undone for user_id in watchers.get(task_id, ())}
    holders: Holders = {}
    if wanted:
        for row in await connection.execute(_HOLDERS, _asked(wanted, now)):
            if (row.task_id, row.old_status, row.new_status) in undone:
                holders.setdefault(row.task_id, set()).add(row.user_id)
    return holders


async def read_notices(connection: AsyncConnection, holders: Holders, now: datetime) -> Notices:
    """Read, under the locks, what these people hold."""
    wanted = {(task_id, user_id) for task_id, people in holders.items() for user_id in people}
    if not wanted:
        return {}
    asked = _asked(wanted, now)
    rows = [row._asdict() for row in await connection.execute(_OPEN_ROWS, asked)]
    members = [row._asdict() for row in await connection.execute(_WAITING_MEMBERS, asked)]
    notices: Notices = {}
    for notice in sorted([*rows, *members], key=lambda notice: (notice["created_at"], notice["id"])):
        note_notice(notices, notice)
    return notices


def note_notice(notices: Notices, notice: Columns) -> None:
    """Note one more row, or waiting member, about a task's status; it is the newest of its person."""
    notices.setdefault(notice["task_id"], {}).setdefault(notice["user_id"], []).append(notice)


def withdraw(
    telling: Telling, notices: Notices, already: AbstractSet[UUID], changes: InboxChanges
) -> tuple[set[UUID], list[HeldBackEvent]]:
    """Take back whatever an event reverses; say from whom, and what is to be noted.

    `already` has learned of the event before, and keeps what it holds. Of the event itself nothing is noted for who
    did it: it tells nobody of their own act.
    """
    people: set[UUID] = set()
    noted: list[HeldBackEvent] = []
    later = Happening(telling.parts, telling.event_time)
    of_task = notices.get(telling.parts.task_id, {}) if telling.parts.task_id is not None else {}
    for user_id, held in of_task.items():
        if user_id in already or not held or not reverses(_happening_of(held[-1]), later):
            continue
        notice = held.pop()
        if "due_at" in notice:
            changes.remove_member(notice)
        else:
            changes.remove(notice)
        people.add(user_id)
        noted.append(HeldBackEvent(notice["event_source"], notice["event_id"], user_id, Outcome.WITHDRAWN))
        if user_id != telling.parts.actor_id:
            noted.append(HeldBackEvent(telling.event_source, telling.event_id, user_id, Outcome.WITHDRAWN))
    return people, noted


def _happening_of(notice: Columns) -> Happening:
    return Happening(parts_of(notice), notice["event_time"] or notice["created_at"])


def _asked(wanted: AbstractSet[tuple[UUID, UUID]], now: datetime) -> dict[str, object]:
    task_ids, user_ids = zip(*wanted, strict=True)
    return {"task_ids": task_ids, "user_ids": user_ids, "since": now - WITHDRAWN_WITHIN}
