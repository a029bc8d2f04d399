"""Holding a relay still, as a backup does."""

import asyncio

import asyncpg
import pytest

from infra.outbox.pause import NotPausedError, relay_paused
from tests.integration.infra.relays import Inbox, append, append_many, count, relay_process, running_relay, until_value

LEADER = "SELECT holder FROM relay_lease"

LEADING = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND application_name = 'test' AND datname = current_database()
"""


async def test_nothing_leaves_the_outbox_while_the_relay_is_held_still_and_all_of_it_does_afterwards(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    async with running_relay(outbox_url, admin_broker_url) as (_, recorder):
        await recorder.until(lambda: recorder.leads)
        backlog = await append_many(database, keys=40, of_each=30)
        await recorder.until(lambda: bool(recorder.deleted_ids))

        async with relay_paused(outbox_url, "backup"):
            # Its session is over; it learns of that when what it has in flight is answered.
            await recorder.until(lambda: not recorder.leads)
            held = await count(database, "outbox")
            late = await append(database, "late", "1")
            assert await database.fetchval(LEADER) == "backup"
            # The relay asks for the lead again and again meanwhile.
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.5):
                    await recorder.until(lambda: recorder.leads)
            assert await count(database, "outbox") == held + 1

        await recorder.until(lambda: late in recorder.deleted_ids)
        await until_value(database, "SELECT count(*) FROM outbox", 0)
        await inbox.until(lambda: len(set(inbox.ids)) == backlog + 1)


async def test_a_pause_longer_than_a_lease_is_renewed(outbox_url: str, admin_broker_url: str, inbox: Inbox) -> None:
    assert not inbox.ids
    async with running_relay(outbox_url, admin_broker_url) as (_, recorder):
        await recorder.until(lambda: recorder.leads)
        async with relay_paused(outbox_url, "backup"):
            await recorder.until(lambda: not recorder.leads)
            with pytest.raises(TimeoutError):
                # A standby ends a leader that has not renewed for five seconds.
                async with asyncio.timeout(7):
                    await recorder.until(lambda: recorder.leads)
        await recorder.until(lambda: recorder.leads)


async def test_who_loses_the_lead_meanwhile_is_told(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection
) -> None:
    async with running_relay(outbox_url, admin_broker_url) as (_, recorder):
        await recorder.until(lambda: recorder.leads)
        with pytest.raises(NotPausedError):
            await lose_the_lead(outbox_url, database)


async def lose_the_lead(outbox_url: str, database: asyncpg.Connection) -> None:
    async with relay_paused(outbox_url, "backup"):
        await database.fetchval("SELECT pg_terminate_backend(backend_pid, 5000) FROM relay_lease")
        async with asyncio.timeout(30):
            while await database.fetchval(LEADER) == "backup":
                await asyncio.sleep(0.02)


async def test_a_relay_that_connects_again_at_once_is_held_still_each_time(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection
) -> None:
    async with relay_process(outbox_url, admin_broker_url):
        for _ in range(5):
            await until_value(database, LEADING, 1)
            async with relay_paused(outbox_url, "backup"):
                assert await database.fetchval(LEADER) == "backup"


async def test_an_outbox_that_no_relay_has_led_is_still_by_itself(outbox_url: str) -> None:
    async with relay_paused(outbox_url, "backup"):
        pass
