"""What one transaction does to locked inboxes: done in memory change by change, and written in a few statements.

Every change takes its own number and makes its own frame, so that many events in one transaction leave what they
would have left in one transaction each.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, delete, func, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.notification_types import Reason
from contracts.socket.frames import Change, IdsPayload, Removed
from infra.database.bulk import copy_rows
from infra.database.ids import new_id
from notification_worker.commands.delivery_messages import personal_frame
from notification_worker.commands.frame_texts import FrameTexts
from notification_worker.commands.inbox_log import Head, write_heads
from notification_worker.commands.notification_rows import Columns
from notification_worker.models import notification_members, notifications, removed_notifications

_JOINED = ("seq", "count", "updated_at", "actor_id", "actor_name", "other_actors", "reasons")
"""What a row that others join changes."""

_UPDATE = (
    update(notifications)
    .where(notifications.c.id == bindparam("of_row"))
    .values({name: bindparam(f"new_{name}", type_=notifications.c[name].type) for name in _JOINED})
)
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_DELETE = delete(notifications).where(notifications.c.id == func.any(_IDS))
_INSERT_REMOVED = insert(removed_notifications)
_DELETE_MEMBERS = delete(notification_members).where(notification_members.c.id == func.any(_IDS))


@dataclass(slots=True)
class InboxChanges:
    """`now` is taken under the locks: among one person's notifications, a later `seq` is never older.

    `traceparent` is the span of the event whose changes come now, `changed_at` its time.
    """

    heads: Mapping[UUID, Head]
    now: datetime
    traceparent: str | None = None
    changed_at: datetime | None = None
    frames: list[str] = field(default_factory=list)
    _added: dict[UUID, Columns] = field(default_factory=dict)
    _changed: dict[UUID, Columns] = field(default_factory=dict)
    _deleted: list[UUID] = field(default_factory=list)
    _removals: list[Columns] = field(default_factory=list)
    _members: dict[UUID, Columns] = field(default_factory=dict)
    _deleted_members: list[UUID] = field(default_factory=list)
    _texts: FrameTexts = field(default_factory=FrameTexts)

    def entry(self, user_id: UUID, shared: Columns, reasons: Iterable[Reason]) -> Columns:
        """Make the columns of a row of one event, which is not in the inbox yet."""
        return {
            **shared,
            "id": new_id(),
            "user_id": user_id,
            "reasons": [reason.value for reason in reasons],
            "count": 1,
            "created_at": self.now,
            "updated_at": self.now,
            "read_at": None,
        }

    def add(self, row: Columns) -> None:
        """Add a row, unread."""
        head = self.heads[row["user_id"]]
        row["seq"] = head.move_on(unread=1)
        self._added[row["id"]] = row
        self._show(row, Change.ADDED, head)

    def change(self, row: Columns, values: Mapping[str, Any]) -> None:
        """Change a row, which stays as unread as it was."""
        head = self.heads[row["user_id"]]
        row.update(values, seq=head.move_on(), updated_at=self.now)
        if row["id"] not in self._added:
            self._changed[row["id"]] = row
        self._show(row, Change.UPDATED, head)

    def remove(self, row: Columns) -> None:
        """Remove a row that is unread and stands for one event."""
        user_id, row_id = row["user_id"], row["id"]
        head = self.heads[user_id]
        seq = head.move_on(unread=-1)
        if self._added.pop(row_id, None) is None:
            self._deleted.append(row_id)
        self._removals.append({"user_id": user_id, "seq": seq, "notification_id": row_id, "removed_at": self.now})
        frame = Removed(payload=IdsPayload(seq=seq, ids=(row_id,), unread_count=head.unread_count))
        self.frames.append(personal_frame(user_id, seq, frame, self.traceparent, self.changed_at))

    def add_member(self, member: Columns) -> None:
        """Add a member, which takes no number: members are asked for, never pushed."""
        self._members[member["id"]] = member

    def remove_member(self, member: Columns) -> None:
        """Remove a member that waits."""
        if self._members.pop(member["id"], None) is None:
            self._deleted_members.append(member["id"])

    def added_by_type(self) -> Counter[str]:
        """Count the rows that are added."""
        return Counter(row["type"] for row in self._added.values())

    async def write(self, connection: AsyncConnection) -> None:
        """Write all of it but the frames, which go out last."""
        await write_heads(connection, self.heads)
        if self._added:
            await copy_rows(connection, notifications, list(self._added.values()))
        if self._changed:
            await connection.execute(
                _UPDATE,
                [
                    {"of_row": row_id, **{f"new_{name}": row[name] for name in _JOINED}}
                    for row_id, row in self._changed.items()
                ],
            )
        if self._deleted:
            await connection.execute(_DELETE, {"ids": self._deleted})
        if self._removals:
            await connection.execute(_INSERT_REMOVED, self._removals)
        if self._members:
            await copy_rows(connection, notification_members, list(self._members.values()))
        if self._deleted_members:
            await connection.execute(_DELETE_MEMBERS, {"ids": self._deleted_members})

    def _show(self, row: Columns, change: Change, head: Head) -> None:
        frame = self._texts.frame(row, change, head.unread_count)
        self.frames.append(personal_frame(row["user_id"], row["seq"], frame, self.traceparent, self.changed_at))
