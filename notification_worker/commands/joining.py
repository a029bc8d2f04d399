"""A comment joins the person's newest row of its task, while that is unread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, exists, func, literal_column, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.notification_types import NotificationType, Reason
from infra.database.direct import Statement, within
from notification_worker.audience.collapsing import all_reasons, joined
from notification_worker.audience.rules import Telling
from notification_worker.commands.inbox_changes import InboxChanges
from notification_worker.commands.notification_rows import Columns, columns_of, member_of, parts_of
from notification_worker.models import notification_members, notifications

# As a literal, so that the planner sees that the partial index holds every row that is asked for.
_TYPE: ColumnElement[str] = literal_column(f"'{NotificationType.COMMENT_ADDED.value}'")
_WANTED = (
    func.unnest(
        bindparam("task_ids", type_=ARRAY(Uuid)),
        bindparam("user_ids", type_=ARRAY(Uuid)),
        bindparam("actor_ids", type_=ARRAY(Uuid)),
    )
    .table_valued("task_id", "user_id", "actor_id")
    .render_derived()
)
_NONE: ColumnElement[int] = literal_column("0")
_ONE: ColumnElement[int] = literal_column("1")
_ROWS, _MEMBERS = notifications.c, notification_members.c
# Sought for each place alone, by task and person, which the offset makes sure of: in the order of time, all that
# somebody never read would be gone through.
_UNREAD = (
    select(notifications)
    .where(
        _ROWS.task_id == _WANTED.c.task_id,
        _ROWS.user_id == _WANTED.c.user_id,
        _ROWS.type == _TYPE,
        _ROWS.read_at.is_(None),
    )
    .offset(_NONE)
    .correlate(_WANTED)
    .lateral("unread")
)
_NEWEST_UNREAD = (
    select(_UNREAD)
    .order_by(_UNREAD.c.created_at.desc(), _UNREAD.c.id.desc())
    .limit(_ONE)
    .correlate(_WANTED)
    .lateral("newest_unread")
)
_NEWEST = _NEWEST_UNREAD.c
_OTHER = notifications.alias("other")
_OTHERS = (
    select(_OTHER.c.id, _OTHER.c.created_at)
    .where(_OTHER.c.task_id == _NEWEST.task_id, _OTHER.c.user_id == _NEWEST.user_id, _OTHER.c.type == _TYPE)
    .offset(_NONE)
    .correlate(_NEWEST_UNREAD)
    .lateral("others")
)
_LATER = (
    select(_OTHERS.c.id)
    .where(tuple_(_OTHERS.c.created_at, _OTHERS.c.id) > tuple_(_NEWEST.created_at, _NEWEST.id))
    .limit(_ONE)
    .correlate(_NEWEST_UNREAD)
    .lateral("later")
)
# Not by `=`: an actor has members in many rows, and a row has few actors.
_IS_KNOWN = exists().where(
    _MEMBERS.notification_id == _NEWEST.id, _MEMBERS.actor_id.is_not_distinct_from(_WANTED.c.actor_id)
)
_OPEN = Statement(
    select(*_NEWEST, _WANTED.c.actor_id.label("asked_actor"), _IS_KNOWN.label("is_known"))
    .select_from(_WANTED.join(_NEWEST_UNREAD, true()).outerjoin(_LATER, true()))
    .where(_LATER.c.id.is_(None))
)


@dataclass(slots=True)
class OpenRow:
    """A row that comments join; `actors` are those of the batch's who are among its own, None for a former member."""

    columns: Columns
    actors: set[UUID | None] = field(default_factory=set)


OpenRows = dict[tuple[UUID | None, UUID], OpenRow]
"""The open row of each task and person that has one."""


async def read_open_rows(connection: AsyncConnection, tellings: Iterable[Telling]) -> OpenRows:
    """Find, under the locks, the rows that these comments join."""
    wanted = {
        (telling.parts.task_id, told.user_id, telling.parts.actor_id)
        for telling in tellings
        if telling.parts.type == NotificationType.COMMENT_ADDED
        for told in telling.told
    }
    if not wanted:
        return {}
    task_ids, user_ids, actor_ids = zip(*wanted, strict=True)
    found = await within(connection, _OPEN, task_ids=task_ids, user_ids=user_ids, actor_ids=actor_ids)
    rows: OpenRows = {}
    for row in found:
        columns = dict(row)
        actor, is_known = columns.pop("asked_actor"), columns.pop("is_known")
        opened = rows.setdefault((columns["task_id"], columns["user_id"]), OpenRow(columns, {columns["actor_id"]}))
        if is_known:
            opened.actors.add(actor)
    return rows


def tell_of_comment(entry: Columns, reasons: Sequence[Reason], open_rows: OpenRows, changes: InboxChanges) -> None:
    """Put a comment into the row that is open, or else into a new one, which is open from now on."""
    place, actor = (entry["task_id"], entry["user_id"]), entry["actor_id"]
    opened = open_rows.get(place)
    if opened is None:
        changes.add(entry)
        open_rows[place] = OpenRow(entry, {actor})
        return
    row = opened.columns
    if row["count"] == 1:
        # The first keeps the id by which it is known.
        changes.add_member(member_of(row, notification_id=row["id"]))
    changes.add_member(member_of(entry, notification_id=row["id"]))
    parts = joined(parts_of(row), parts_of(entry), known=actor in opened.actors)
    opened.actors.add(actor)
    changes.change(
        row,
        {
            **columns_of(parts),
            "count": row["count"] + 1,
            "reasons": list(all_reasons(row["reasons"], reasons)),
        },
    )
