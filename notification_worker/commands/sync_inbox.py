"""Tell what changed in a person's inbox since a number of its log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, bindparam, cast, null, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.socket.frames import Notification
from infra.clock import Clock, system_clock
from infra.database.direct import Record, Statement, read
from notification_worker.commands.notification_rows import SHOWN, notification_of
from notification_worker.models import inboxes, notifications, removed_notifications

CHANGES = 500
"""A window that has missed more than this starts again."""

NEWEST = 50
UNREAD = 500

_rows, _gone = notifications.c, removed_notifications.c
_OF_REMOVED: dict[str, ColumnElement[Any]] = {"id": _gone.notification_id, "seq": _gone.seq}
_user_id, _after_seq, _oldest = (
    bindparam(name, type_=column.type)
    for name, column in (("user_id", _rows.user_id), ("after_seq", _rows.seq), ("oldest", _rows.created_at))
)
_newest_first = select(*SHOWN).where(_rows.user_id == _user_id).order_by(_rows.created_at.desc(), _rows.id.desc())
# As whole rows, not as numbers of rows to be looked up: of a person's rows each lies on pages of its own.
_newest = _newest_first.where(_rows.created_at >= _oldest).limit(NEWEST).cte("newest")
_unread = _newest_first.where(_rows.read_at.is_(None)).limit(UNREAD).subquery()
_shown = union_all(select(_newest), select(_unread).where(_unread.c.id.not_in(select(_newest.c.id)))).subquery()
_changed = select(*SHOWN).where(_rows.user_id == _user_id, _rows.seq > _after_seq).order_by(_rows.seq, _rows.id)
_removed = (
    select(*(_OF_REMOVED.get(column.name, cast(null(), column.type)).label(column.name) for column in SHOWN))
    .where(_gone.user_id == _user_id, _gone.seq > _after_seq)
    .order_by(_gone.seq, _gone.notification_id)
)
_since = union_all(*(part.limit(CHANGES + 1).subquery().select() for part in (_changed, _removed))).subquery()


def _with_head(rows: Subquery, when: ColumnElement[bool]) -> Statement:
    """Read the head and, when that holds of it, the rows by one statement: one state, without a transaction around it.

    The head stands beside each row; without any it comes alone, with nulls in the place of a row.
    """
    head = inboxes.c
    return Statement(
        select(head.last_seq, head.unread_count, head.forgotten_seq, *rows.c)
        .select_from(inboxes.outerjoin(rows, when))
        .where(head.user_id == _user_id)
    )


_START = _with_head(_shown, true())
# What was removed up to `forgotten_seq` is not known any more, and beyond the last there is nothing.
_SINCE = _with_head(_since, and_(inboxes.c.forgotten_seq <= _after_seq, _after_seq <= inboxes.c.last_seq))


@dataclass(frozen=True, slots=True)
class Changes:
    """`reset` says that the items are a whole new start, and whatever the window holds is to be dropped."""

    items: tuple[Notification, ...]
    removed_ids: tuple[UUID, ...]
    latest_seq: int
    unread_count: int
    reset: bool


async def sync_inbox(
    database: AsyncEngine, user_id: UUID, after_seq: int | None, *, history: timedelta, clock: Clock = system_clock
) -> Changes:
    """Read head, changed rows and removed ids by one statement, so that together they are one state of the log.

    A start has only what is shown: unread, or created within the history. What changed since a number comes whatever
    its age: a window that holds it has to learn that it was read, and hides by itself what has grown too old.
    """
    if after_seq is not None:
        found = await read(database, lambda connection: connection.fetch(_SINCE, user_id=user_id, after_seq=after_seq))
        if (changes := _changes_since(found, after_seq)) is not None:
            return changes
    oldest = clock() - history
    return _start(await read(database, lambda connection: connection.fetch(_START, user_id=user_id, oldest=oldest)))


def _changes_since(found: Sequence[Record], after_seq: int) -> Changes | None:
    """Give what changed, or None if that is too much or not known any more."""
    if not found:
        return Changes((), (), 0, 0, reset=False) if after_seq == 0 else None
    head = found[0]
    if not head["forgotten_seq"] <= after_seq <= head["last_seq"] or len(found) > CHANGES:
        return None
    return Changes(
        _notifications(row for row in found if row["type"] is not None),
        tuple(row["id"] for row in found if row["type"] is None and row["id"] is not None),
        head["last_seq"],
        head["unread_count"],
        reset=False,
    )


def _start(found: Sequence[Record]) -> Changes:
    """Give the newest rows and every unread one, both up to a bound."""
    if not found:
        return Changes((), (), 0, 0, reset=True)
    items = _notifications(row for row in found if row["id"] is not None)
    return Changes(items, (), found[0]["last_seq"], found[0]["unread_count"], reset=True)


def _notifications(rows: Iterable[Record]) -> tuple[Notification, ...]:
    """Put them in their order here: they come in it, but a join promises none."""
    return tuple(notification_of(dict(row)) for row in sorted(rows, key=itemgetter("seq", "id")))
