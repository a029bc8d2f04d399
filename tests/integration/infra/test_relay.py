"""The relay in peace: nothing is passed over, and order is kept."""

import asyncio

import asyncpg
import pytest

from infra.outbox import relay as relay_module
from infra.outbox.publishing import Ordering
from infra.outbox.wake_up import WakeUp
from tests.integration.infra.relays import CHANNEL, Inbox, append, append_many, count, running_relay

WRITERS = 16
CHANGES_OF_EACH_WRITER = 30
KEYS = 20


@pytest.mark.parametrize("ordering", list(Ordering))
async def test_a_backlog_is_published_in_order_and_deleted(
    ordering: Ordering, outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    rows = await append_many(database, keys=40, of_each=30)
    by_id = [row["message_id"] for row in await database.fetch("SELECT message_id FROM outbox ORDER BY id")]

    async with running_relay(outbox_url, admin_broker_url, ordering) as (_, recorder):
        await recorder.until(lambda: len(recorder.deleted_ids) == rows)
        await inbox.until(lambda: len(inbox.ids_once) == rows)

    assert inbox.first_seen == {str(key): list(range(1, 31)) for key in range(1, 41)}
    assert await count(database, "outbox") == 0
    if ordering is Ordering.STRICT:
        assert inbox.ids_once == by_id


async def test_concurrent_writers_are_relayed_in_order_for_each_key(
    outbox_url: str, admin_broker_url: str, inbox: Inbox
) -> None:
    pool = await asyncpg.create_pool(outbox_url, min_size=WRITERS, max_size=WRITERS)
    await pool.executemany("INSERT INTO tasks VALUES ($1, 0)", [(f"task-{key}",) for key in range(KEYS)])

    async def write(writer: int) -> None:
        for change in range(CHANGES_OF_EACH_WRITER):
            async with pool.acquire() as connection, connection.transaction():
                key = f"task-{(writer * 7 + change) % KEYS}"
                version = await connection.fetchval(
                    "UPDATE tasks SET version = version + 1 WHERE key = $1 RETURNING version", key
                )
                await append(connection, key, str(version))

    rows = WRITERS * CHANGES_OF_EACH_WRITER
    async with running_relay(outbox_url, admin_broker_url) as (_, recorder):
        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        await recorder.until(lambda: len(recorder.deleted_ids) == rows)
        await inbox.until(lambda: len(inbox.ids_once) == rows)
    versions = {row["key"]: row["version"] for row in await pool.fetch("SELECT key, version FROM tasks")}
    await pool.close()

    assert inbox.first_seen == {key: list(range(1, version + 1)) for key, version in versions.items()}


async def test_a_row_that_is_committed_late_under_a_lower_id_is_relayed(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    slow = await asyncpg.connect(outbox_url)
    transaction = slow.transaction()
    await transaction.start()
    late = await append(slow, "slow", "1")
    early = await append(database, "fast", "1")

    async with running_relay(outbox_url, admin_broker_url) as (_, recorder):
        await recorder.until(lambda: recorder.deleted_ids == [early])
        await transaction.commit()
        await recorder.until(lambda: recorder.deleted_ids == [early, late])
    await slow.close()

    assert late < early
    await inbox.until(lambda: inbox.ids_once == ["fast/1", "slow/1"])


async def test_a_wake_up_is_heard_by_an_idle_relay(
    outbox_url: str,
    admin_broker_url: str,
    database: asyncpg.Connection,
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never = 3600.0
    wake_up, stop = WakeUp(outbox_url, channel=CHANNEL), asyncio.Event()
    async with asyncio.TaskGroup() as group, running_relay(outbox_url, admin_broker_url) as (relay, recorder):
        group.create_task(wake_up.run(stop))
        first = await append(database, "a", "1")
        wake_up.notify()
        await recorder.until(lambda: recorder.deleted_ids == [first])
        # From here on only a wake-up can tell it, once it waits for longer than the test.
        monkeypatch.setattr(relay_module, "IDLE_POLL_SECONDS", never)
        monkeypatch.setattr(relay_module, "IDLE_POLL_CAP_SECONDS", never)
        second = await append(database, "a", "2")
        wake_up.notify()
        await recorder.until(lambda: recorder.deleted_ids == [first, second])
        third = await append(database, "a", "3")
        wake_up.notify()
        await recorder.until(lambda: recorder.deleted_ids == [first, second, third])
        assert relay.role is relay_module.Role.LEADING
        stop.set()

    await inbox.until(lambda: inbox.ids_once == ["a/1", "a/2", "a/3"])


async def test_polling_finds_a_row_that_nobody_told_of(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    async with running_relay(outbox_url, admin_broker_url) as (_, recorder):
        await recorder.until(lambda: recorder.leads)
        row = await append(database, "a", "1")
        await recorder.until(lambda: recorder.deleted_ids == [row])

    await inbox.until(lambda: inbox.ids_once == ["a/1"])


async def test_a_stopped_relay_has_deleted_what_was_confirmed(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    rows = await append_many(database, keys=50, of_each=40)

    async with running_relay(outbox_url, admin_broker_url) as (_, recorder):
        await recorder.until(lambda: len(recorder.published_ids) > IN_MID_BATCH)

    assert len(recorder.published_ids) < rows
    assert sorted(recorder.deleted_ids) == sorted(recorder.published_ids)
    assert await count(database, "outbox") == rows - len(recorder.published_ids)
    await inbox.until(lambda: len(inbox.ids_once) >= len(recorder.published_ids))


IN_MID_BATCH = 100
