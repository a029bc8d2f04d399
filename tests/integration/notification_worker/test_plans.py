"""What PostgreSQL does for each thing that people ask for: the commands' own statements, explained."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from contracts.notification_types import Frequency
from notification_worker.audience.preferences import Preferences
from notification_worker.commands.list_history import list_history
from notification_worker.commands.list_members import list_members
from notification_worker.commands.list_unread import list_unread
from notification_worker.commands.muting import find_muted_task, list_muted_tasks, mute_task
from notification_worker.commands.pages import Position
from notification_worker.commands.preferences import read_preferences, write_preferences
from notification_worker.commands.sync_inbox import sync_inbox
from notification_worker.commands.why import why, why_not
from tests.integration.notification_worker.inbox_rows import NOW, add_member, add_row, add_rows
from tests.support.sent_statements import sent_statements

HISTORY = timedelta(days=30)
SOMEWHERE = Position(NOW, uuid7())
WAITING = {"frequency": "daily", "due_at": NOW + timedelta(days=1)}
HOURLY = Preferences(frequencies={"comment_added": Frequency.HOURLY, "status_changed": Frequency.OFF})

Ask = Callable[[AsyncEngine, UUID, UUID], Awaitable[object]]
"""Asks for something of a person and of one of their rows."""


async def _mute_and_find(database: AsyncEngine, user_id: UUID, task_id: UUID) -> None:
    await mute_task(database, user_id, task_id)
    await find_muted_task(database, user_id, task_id)


ASKED: dict[str, tuple[Ask, set[str]]] = {
    "the unread ones": (
        lambda database, user, _: list_unread(database, user, 50, SOMEWHERE),
        {"notifications_unread"},
    ),
    "the history": (
        lambda database, user, _: list_history(database, user, 50, None, history=HISTORY),
        {"notifications_newest", "notifications_unread"},
    ),
    "more of the history": (
        lambda database, user, _: list_history(database, user, 50, SOMEWHERE, history=HISTORY),
        {"notifications_newest", "notifications_unread"},
    ),
    "what changed": (
        lambda database, user, _: sync_inbox(database, user, 0, history=HISTORY),
        {"inboxes_pkey", "notifications_by_seq", "removed_notifications_pkey"},
    ),
    "the members": (
        lambda database, user, row: list_members(database, user, row, 50, SOMEWHERE),
        {"notifications_pkey", "notification_members_of_notification"},
    ),
    "why": (
        why,
        {"notifications_pkey"},
    ),
    "why not": (
        lambda database, user, row: why_not(database, user, row, history=HISTORY),
        {
            "task_events_of_task",
            "notifications_once_for_each_event",
            "notification_members_once_for_each_event",
            "held_back_events_pkey",
            "watchers_pkey",
        },
    ),
    "the preferences": (
        lambda database, user, _: read_preferences(database, user),
        {"preferences_pkey", "kinds_pkey"},
    ),
    "the muted tasks": (
        lambda database, user, _: list_muted_tasks(database, user, 50, SOMEWHERE),
        {"muted_tasks_newest"},
    ),
    "one muted task": (
        _mute_and_find,
        {"muted_tasks_pkey", "users_pkey", "deleted_tasks_pkey"},
    ),
}


async def plan_of(connection: AsyncConnection, statement: str, parameters: Any) -> str:
    for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_hashjoin", "enable_material"):
        await connection.execute(text(f"SET LOCAL {setting} = off"))
    plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    lines = "\n".join(plan.scalars())
    await connection.rollback()
    return lines


async def inbox(database: AsyncEngine) -> tuple[UUID, UUID]:
    """Give a person among others, with many rows; and one row, of two members."""
    user_id = uuid7()
    for one in (user_id, uuid7()):
        await add_rows(database, one, 300, read_at=NOW)
    row = await add_row(database, user_id, type="comment_added", count=2)
    for member in ({"notification_id": row}, {"notification_id": row}, WAITING, WAITING):
        await add_member(database, user_id, **member)
    async with database.begin() as connection:
        await connection.execute(text("ANALYZE notifications"))
    return user_id, row


@pytest.mark.parametrize("name", ASKED)
async def test_what_is_asked_for_is_found_by_indexes_without_a_sort(database: AsyncEngine, name: str) -> None:
    ask, indexes = ASKED[name]
    user_id, row = await inbox(database)
    with sent_statements(database) as sent:
        await ask(database, user_id, row)
        await asyncio.sleep(0)
    async with database.connect() as connection:
        plans = "\n".join([await plan_of(connection, *one) for one in sent])
    assert set(re.findall(r"using (\w+)", plans)) == indexes, plans
    assert re.search(r"\bSeq Scan\b|^\s*(->  )?(Incremental )?Sort\b(?! Key)", plans, re.MULTILINE) is None, plans


async def test_what_waits_is_found_by_an_index_when_somebody_decides_anew(database: AsyncEngine) -> None:
    user_id, _ = await inbox(database)
    with sent_statements(database) as sent:
        await write_preferences(database, user_id, HOURLY)
    async with database.connect() as connection:
        plans = [await plan_of(connection, *one) for one in sent]
    assert "Seq Scan" not in "\n".join(plans)
