"""People, tasks and watchers, written into the databases of a system as if they had always been there."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from tests.support.tokens import Signer


class Databases(Protocol):
    """What has both databases, and the key that the services trust."""

    @property
    def task_url(self) -> str: ...
    @property
    def notification_url(self) -> str: ...
    @property
    def signer(self) -> Signer: ...


@dataclass(frozen=True, slots=True)
class Somebody:
    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A task, who made it, and who besides watches it."""

    id: UUID
    creator: Somebody
    watchers: tuple[Somebody, ...]


async def settle(where: Databases, count: int) -> list[Somebody]:
    """Add people, each logged in."""
    made, users, sessions = [], [], []
    now = datetime.now(UTC)
    for number in range(count):
        user_id, session_id = uuid7(), uuid7()
        made.append(Somebody(user_id, where.signer.token(user_id, session_id=session_id)))
        users.append((user_id, f"{user_id}@example.com", f"Person {number}", "-", "member", now))
        sessions.append((session_id, user_id, session_id.bytes * 2, now, now + timedelta(days=1)))
    tasks = await asyncpg.connect(where.task_url)
    await _copy(tasks, "users", ("id", "email", "name", "password_hash", "role", "created_at"), users)
    await _copy(tasks, "sessions", ("id", "user_id", "refresh_hash", "created_at", "expires_at"), sessions)
    await tasks.close()
    notifications = await asyncpg.connect(where.notification_url)
    await _copy(notifications, "users", ("id",), [(one.id,) for one in made])
    await notifications.close()
    return made


async def add_topics(
    where: Databases, people: Sequence[Somebody], count: int, watchers: int, *, watching: Sequence[Somebody] = ()
) -> list[Topic]:
    """Add tasks, each watched by its creator and by some others, drawn from `watching` or else from all."""
    choice = random.Random(5)  # noqa: S311 (the same every time)
    made = []
    for number in range(count):
        creator = people[number % len(people)]
        others = [one for one in choice.sample(watching or people, watchers + 1) if one is not creator][:watchers]
        made.append(Topic(uuid7(), creator, tuple(others)))
    await write_topics(where, made)
    return made


async def write_topics(where: Databases, topics: Sequence[Topic]) -> None:
    now = datetime.now(UTC)
    rows = [
        (topic.id, f"Task {number}", "", "todo", topic.creator.id, 1, 1, now, now)
        for number, topic in enumerate(topics)
    ]
    watching = [
        (topic.id, one.id, [reason])
        for topic in topics
        for one, reason in ((topic.creator, "created"), *((watcher, "manual") for watcher in topic.watchers))
    ]
    tasks = await asyncpg.connect(where.task_url)
    columns = ("id", "title", "description", "status", "creator_id", "version", "event_sequence")
    await _copy(tasks, "tasks", (*columns, "created_at", "updated_at"), rows)
    await _copy(tasks, "watchers", ("task_id", "user_id", "reasons", "stopped"), [(*row, False) for row in watching])
    await tasks.execute("ANALYZE")
    await tasks.close()
    notifications = await asyncpg.connect(where.notification_url)
    known = ("task_id", "user_id", "reasons", "watched_sequence", "stopped_sequence")
    await _copy(notifications, "watchers", known, [(*row, 1, 0) for row in watching])
    await notifications.execute("ANALYZE")
    await notifications.close()


async def _copy(connection: asyncpg.Connection, table: str, columns: Sequence[str], records: list[Any]) -> None:
    await connection.copy_records_to_table(table, records=records, columns=list(columns))
