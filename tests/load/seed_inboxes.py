"""Fills a migrated database of the notification worker with as many notifications as wanted, by COPY.

Rows come in the order of their time, each of a random person, as they do in life: what one person holds lies scattered
over the table. People are told by those of their own team, of its own tasks, so that however many rows are stored, one
person's are of equally many tasks and colleagues. The indexes are dropped first and made again afterwards, which is
several times faster.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Table
from uuid_utils.compat import uuid7

from notification_worker.models import inboxes, notification_members, notifications

CHUNK = 50_000
AGE = timedelta(days=31)
"""The oldest row is a little older than what is shown."""
UNREAD_SHARE = 0.05
JOINED_SHARE = 0.02
MEMBERS = 3
TEAM = 10
"""So many people tell each other; their tasks are as old as those of the others."""
TYPES = ("task_assigned", "status_changed", "status_changed", "comment_added", "comment_added")

Record = tuple[Any, ...]

_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename = ANY($1) AND indexname NOT LIKE '%\\_pkey'
"""

_COLUMNS = (
    *("id", "user_id", "seq", "type", "actor_id", "actor_name", "task_id", "task_title", "old_status", "new_status"),
    *("comment_id", "reasons", "count", "other_actors", "created_at", "updated_at", "read_at"),
    *("event_source", "event_id", "event_time"),
)
_MEMBER_COLUMNS = (
    *("id", "user_id", "notification_id", "type", "actor_id", "actor_name", "task_id", "task_title", "comment_id"),
    *("reasons", "created_at", "event_source", "event_id", "event_time"),
)


@dataclass
class Seeded:
    """Who was given rows: those `behind` have read nothing, the others nearly everything."""

    behind: list[UUID]
    others: list[UUID]
    heads: Counter[UUID] = field(default_factory=Counter)
    unread: Counter[UUID] = field(default_factory=Counter)
    joined: list[tuple[UUID, UUID]] = field(default_factory=list)
    """Persons and their rows that have members."""


async def seed(connection: asyncpg.Connection, *, rows: int, people: int, tasks: int, behind: int) -> Seeded:
    """Fill the database, where so many people are `behind`; `connection` is a superuser's."""
    everybody = [uuid7() for _ in range(people)]
    seeded = Seeded(everybody[:behind], everybody[behind:])
    indexes = await connection.fetch(_INDEXES, [notifications.name, notification_members.name])
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    # Rows of one seeding fit together: checking every reference again takes longer than the COPY itself.
    await connection.execute("SET session_replication_role = replica")
    made = _rows(seeded, everybody, rows, [uuid7() for _ in range(tasks)])
    while chunk := list(islice(made, CHUNK)):
        await _copy(connection, notifications, [row for row, _ in chunk], _COLUMNS)
        await _copy(connection, notification_members, [one for _, own in chunk for one in own], _MEMBER_COLUMNS)
    heads = [(user_id, seeded.heads[user_id], seeded.unread[user_id]) for user_id in everybody]
    await _copy(connection, inboxes, heads, ("user_id", "last_seq", "unread_count"))
    await connection.execute("SET session_replication_role = origin")
    for index in indexes:
        await connection.execute(index["indexdef"])
    await connection.execute("VACUUM ANALYZE")
    return seeded


async def _copy(connection: asyncpg.Connection, table: Table, records: list[Record], columns: tuple[str, ...]) -> None:
    await connection.copy_records_to_table(table.name, records=records, columns=list(columns))


def _rows(seeded: Seeded, people: list[UUID], rows: int, tasks: list[UUID]) -> Iterator[tuple[Record, list[Record]]]:
    choice = random.Random(7)  # noqa: S311 (the same rows every time)
    behind = frozenset(seeded.behind)
    teams = max(1, len(people) // TEAM)
    colleagues = [people[team::teams] for team in range(teams)]
    own_tasks = [tasks[team::teams] for team in range(teams)]
    start, step = datetime.now(UTC) - AGE, AGE / rows
    for number in range(rows):
        team = choice.randrange(teams)
        user_id, task_id = choice.choice(colleagues[team]), choice.choice(own_tasks[team])
        notification_type, moment, notification_id = choice.choice(TYPES), start + number * step, uuid7()
        is_comment = notification_type == "comment_added"
        joined = is_comment and choice.random() < JOINED_SHARE
        unread = user_id in behind or choice.random() < UNREAD_SHARE
        seeded.heads[user_id] += 1
        seeded.unread[user_id] += unread
        row = (
            *(
                notification_id,
                user_id,
                seeded.heads[user_id],
                notification_type,
                choice.choice(colleagues[team]),
                "Ann",
            ),
            *(task_id, f"Task {number % len(tasks)}"),
            *(("todo", "in_review") if notification_type == "status_changed" else (None, None)),
            *(task_id if is_comment else None, ["created"], MEMBERS if joined else 1, 0),
            *(moment, moment, None if unread else moment + timedelta(hours=1)),
            *("/task-service", str(notification_id), moment),
        )
        if joined:
            seeded.joined.append((user_id, notification_id))
        yield row, _members(row) if joined else []


def _members(row: Record) -> list[Record]:
    known = dict(zip(_COLUMNS, row, strict=True))
    return [
        tuple(
            {**known, "id": uuid7(), "notification_id": known["id"], "event_id": f"{known['id']}/{number}"}[column]
            for column in _MEMBER_COLUMNS
        )
        for number in range(MEMBERS)
    ]
