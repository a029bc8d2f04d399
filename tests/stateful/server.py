"""The real commands on a real database, one after the other, at a time that the machine decides on."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Text, cast, delete, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.deliveries import Delivery
from contracts.events import AnyEvent
from contracts.notification_types import Frequency
from notification_worker.audience.preferences import Preferences
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.forget_old import forget_old
from notification_worker.commands.list_history import list_history
from notification_worker.commands.list_members import list_members
from notification_worker.commands.list_unread import list_unread
from notification_worker.commands.mark import Seen, mark_all_read, mark_read, mark_unread
from notification_worker.commands.muting import mute_task, unmute_task
from notification_worker.commands.preferences import write_preferences
from notification_worker.commands.send_digests import send_due_digests
from notification_worker.commands.sync_inbox import sync_inbox
from notification_worker.commands.why import why, why_not
from notification_worker.models import inboxes, metadata, notification_members, notifications, outbox
from tests.support.expected import HISTORY, Json, Key

Answer = TypeVar("Answer")

BEGINNING = datetime(2030, 3, 25, 6, 30, tzinfo=UTC)
"""Some days before clocks go forward in Berlin, and far from what the machine's own clock shows."""

TICK = timedelta(milliseconds=7)
"""What every command takes, so that nothing ever happens at the very edge of a rule."""

SMALL_PAGE, LARGE_PAGE = 2, 100


@dataclass
class Books:
    """What the tables say: for each row the events that it stands for, and what waits for a digest.

    `heads` are each person's latest number and count of unread rows.
    """

    events: dict[UUID, set[Key]] = field(default_factory=dict)
    owner: dict[UUID, UUID] = field(default_factory=dict)
    seqs: dict[UUID, int] = field(default_factory=dict)
    heads: dict[UUID, tuple[int, int]] = field(default_factory=dict)
    waiting: dict[UUID, dict[Key, tuple[str, datetime]]] = field(default_factory=lambda: defaultdict(dict))


@dataclass
class Server:
    """`frames` are each person's frames in the order in which the relay would publish them.

    `seen` counts the kinds of things that came about in all examples: what never did was never tried.
    """

    runner: asyncio.Runner
    database: AsyncEngine
    now: datetime = BEGINNING
    frames: dict[UUID, list[tuple[int, Json]]] = field(default_factory=lambda: defaultdict(list))
    most_shown: Counter[UUID] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    _books: Books | None = None
    _shown: dict[tuple[UUID, datetime], dict[str, Json]] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now

    def begin(self) -> None:
        """Forget everything that an earlier example left."""
        self.now = BEGINNING
        self.frames.clear()
        self.most_shown.clear()
        self._books = None
        self._shown.clear()
        self.run(self._empty())

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)

    def apply(self, events: Sequence[AnyEvent]) -> None:
        self._command(apply_events(self.database, events, clock=self.clock))

    def read(self, user_id: UUID, seen: Sequence[Seen]) -> None:
        self._command(mark_read(self.database, user_id, seen, clock=self.clock))

    def unread(self, user_id: UUID, seen: Sequence[Seen]) -> None:
        self._command(mark_unread(self.database, user_id, seen, history=HISTORY, clock=self.clock))

    def read_all(self, user_id: UUID, up_to_seq: int) -> None:
        self._command(mark_all_read(self.database, user_id, up_to_seq, clock=self.clock))

    def mute(self, user_id: UUID, task_id: UUID) -> None:
        self._command(mute_task(self.database, user_id, task_id, clock=self.clock))

    def unmute(self, user_id: UUID, task_id: UUID) -> None:
        self._command(unmute_task(self.database, user_id, task_id))

    def prefer(self, user_id: UUID, frequencies: dict[str, str], timezone: str, daily_at: tuple[int, int]) -> None:
        frequency_of = {name: Frequency(value) for name, value in frequencies.items()}
        wanted = Preferences(timezone, time(*daily_at), frequency_of)
        self._command(write_preferences(self.database, user_id, wanted, clock=self.clock))

    def send_digests(self) -> None:
        async def until_none_is_left() -> None:
            while await send_due_digests(self.database, clock=self.clock):
                pass

        self._command(until_none_is_left())

    def forget(self) -> None:
        async def until_none_is_left() -> None:
            while await forget_old(self.database, history=HISTORY, clock=self.clock):
                pass

        self._command(until_none_is_left())

    async def sync(self, user_id: UUID, after_seq: int | None) -> Json:
        changes = await sync_inbox(self.database, user_id, after_seq, history=HISTORY, clock=self.clock)
        return {
            "items": [item.model_dump(mode="json") for item in changes.items],
            "removed_ids": [str(removed) for removed in changes.removed_ids],
            "latest_seq": changes.latest_seq,
            "unread_count": changes.unread_count,
            "reset": changes.reset,
        }

    async def history(self, user_id: UUID, page: int = SMALL_PAGE) -> list[Json]:
        """Page through the whole history."""
        found, after = [], None
        while True:
            shown = await list_history(self.database, user_id, page, after, history=HISTORY, clock=self.clock)
            found += [item.model_dump(mode="json") for item in shown.items]
            if (after := shown.next) is None:
                return found

    async def unread_list(self, user_id: UUID) -> list[Json]:
        found, after = [], None
        while True:
            page = await list_unread(self.database, user_id, SMALL_PAGE, after)
            found += [item.model_dump(mode="json") for item in page.items]
            if (after := page.next) is None:
                return found

    async def members(self, user_id: UUID, notification_id: UUID) -> list[Json]:
        found, after = [], None
        while True:
            page = await list_members(self.database, user_id, notification_id, SMALL_PAGE, after)
            found += [item.model_dump(mode="json") for item in page.items]
            if (after := page.next) is None:
                return found

    async def event_of(self, user_id: UUID, told_id: UUID) -> Key | None:
        """Say which event a notification or a member is told of; a digest has none."""
        answer = await why(self.database, user_id, told_id)
        return None if answer.event is None else (answer.event.source, answer.event.id)

    async def why_not(self, user_id: UUID, task_id: UUID) -> dict[Key, tuple[str, UUID | None]]:
        """Give the outcome of a task's events for a person, newest first, and which row told them."""
        judged = await why_not(self.database, user_id, task_id, history=HISTORY, clock=self.clock)
        return {(one.event.source, one.event.id): (one.outcome.value, one.notification_id) for one in judged}

    async def differences(self) -> list[str]:
        return [str(difference) for difference in await check_inboxes(self.database)]

    def books(self) -> Books:
        """Read the tables, which no command shows whole."""
        if self._books is None:
            self._books = self.run(self._read_books())
        return self._books

    def shown(self, user_id: UUID) -> dict[str, Json]:
        """Give all that a person is shown at this moment, by id."""
        if (user_id, self.now) not in self._shown:
            rows = {item["id"]: item for item in self.run(self.history(user_id, LARGE_PAGE))}
            self._shown[user_id, self.now] = rows
            self.most_shown[user_id] = max(self.most_shown[user_id], len(rows))
        return self._shown[user_id, self.now]

    async def _read_books(self) -> Books:
        books, rows = Books(), notifications.c
        async with self.database.connect() as connection:
            for row in await connection.execute(
                select(rows.id, rows.user_id, rows.seq, rows.type, rows.event_source, rows.event_id)
            ):
                books.owner[row.id], books.seqs[row.id] = row.user_id, row.seq
                books.events[row.id] = set() if row.type == "digest" else {(row.event_source, row.event_id)}
            for row in await connection.execute(select(inboxes)):
                books.heads[row.user_id] = (row.last_seq, row.unread_count)
            for row in await connection.execute(select(notification_members)):
                key = (row.event_source, row.event_id)
                if row.notification_id is None:
                    books.waiting[row.user_id][key] = (row.frequency, row.due_at)
                else:
                    books.events[row.notification_id].add(key)
        return books

    async def mentions(self, text: str) -> list[str]:
        """Name the tables that hold a text; what was sent before is not looked at."""
        found = []
        async with self.database.connect() as connection:
            for table in metadata.sorted_tables:
                if table.name.startswith("outbox"):
                    continue
                row = cast(func.to_jsonb(literal_column(table.name)), Text)
                if await connection.scalar(select(func.count()).select_from(table).where(row.contains(text))):
                    found.append(table.name)
        return found

    def _command(self, command: Coroutine[Any, Any, Any]) -> None:
        """Run a command at the next moment, and collect what it sends; a refusal is the caller's."""
        self.now += TICK
        self._books = None
        self._shown.clear()
        self.run(command)
        self.run(self._collect())

    async def _collect(self) -> None:
        async with self.database.begin() as connection:
            sent = (await connection.execute(select(outbox.c.body).order_by(outbox.c.id))).scalars().all()
            await connection.execute(delete(outbox))
        for body in sent:
            for personal in Delivery.parse(body).frames:
                self.frames[personal.user_id].append((personal.seq, json.loads(personal.frame)))

    async def _empty(self) -> None:
        async with self.database.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(delete(table))
