"""A window of one person: starts from `sync` and from then on believes the frames that are delivered."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.deliveries import Delivery, PersonalFrame
from contracts.socket.frames import Notification, NotificationFrame, Read, Removed, Resync, Unread, server_frame
from notification_worker.commands.sync_inbox import Changes, sync_inbox
from notification_worker.models import outbox

HISTORY = timedelta(days=30)


async def delivered(database: AsyncEngine) -> list[PersonalFrame]:
    """Every frame in the outbox, in the order in which the relay will publish."""
    async with database.connect() as connection:
        bodies = (await connection.execute(select(outbox.c.body).order_by(outbox.c.id))).scalars().all()
    return [frame for body in bodies for frame in Delivery.parse(body).frames]


@dataclass
class Window:
    user_id: UUID
    rows: dict[UUID, Notification] = field(default_factory=dict)
    seq: int = 0
    unread_count: int = 0
    applied: list[int] = field(default_factory=list)
    resyncs: int = 0

    async def sync(self, database: AsyncEngine, after_seq: int | None = None) -> None:
        self._take(await sync_inbox(database, self.user_id, after_seq, history=HISTORY))

    async def receive(self, database: AsyncEngine) -> None:
        """Apply every frame that is new to this window."""
        for personal in await delivered(database):
            if personal.user_id != self.user_id or personal.seq <= self.seq:
                continue
            frame = server_frame.validate_json(personal.frame)
            assert personal.seq == self.seq + 1, "a frame is missing"
            self.seq = personal.seq
            self.applied.append(personal.seq)
            match frame:
                case NotificationFrame(payload=payload):
                    assert payload.seq == personal.seq
                    shown = payload.model_dump(exclude={"change", "unread_count"})
                    self.rows[payload.id] = Notification(**shown)
                    self.unread_count = payload.unread_count
                case Read() | Unread() | Removed():
                    self._mark(frame)
                case Resync():
                    self.resyncs += 1
                    self._take(await sync_inbox(database, self.user_id, personal.seq - 1, history=HISTORY))
                case other:
                    raise AssertionError(f"a window was sent {other}")

    def _mark(self, frame: Read | Unread | Removed) -> None:
        match frame:
            case Read(payload=payload):
                ids = payload.ids or [
                    row.id for row in self.rows.values() if row.read_at is None and row.seq <= (payload.up_to_seq or 0)
                ]
                for row_id in ids:
                    self._change(row_id, seq=payload.seq, read_at=payload.read_at)
            case Unread(payload=payload):
                for row_id in payload.ids:
                    self._change(row_id, seq=payload.seq, read_at=None)
            case Removed(payload=payload):
                for row_id in payload.ids:
                    del self.rows[row_id]
        self.unread_count = frame.payload.unread_count

    def _change(self, row_id: UUID, **values: object) -> None:
        self.rows[row_id] = self.rows[row_id].model_copy(update=values)

    def _take(self, changes: Changes) -> None:
        if changes.reset:
            self.rows.clear()
        self.rows.update({row.id: row for row in changes.items})
        for row_id in changes.removed_ids:
            self.rows.pop(row_id, None)
        self.seq, self.unread_count = changes.latest_seq, changes.unread_count


async def assert_frames_tell_what_sync_tells(database: AsyncEngine, window: Window) -> None:
    """The state before and the frames since are the state that a new window is given."""
    await window.receive(database)
    fresh = Window(window.user_id)
    await fresh.sync(database)
    assert window.rows == fresh.rows
    assert (window.seq, window.unread_count) == (fresh.seq, fresh.unread_count)
