"""Two relays on one outbox: one publishes, and the other takes over whatever becomes of it."""

import asyncio
import os
import signal

import asyncpg
import pytest

from infra.errors import UnavailableError
from infra.outbox.lease import Lease
from infra.outbox.relay import IN_FLIGHT, Relay, Role
from infra.outbox.session import DatabaseAwayError, open_session
from infra.outbox.store import OutboxStore
from tests.integration.infra.relays import (
    DEADLINE_SECONDS,
    Inbox,
    append,
    append_many,
    count,
    relay_process,
    running_relay,
    until_value,
)
from tests.support.tcp_proxy import TcpProxy

LEADER = "SELECT backend_pid FROM relay_lease WHERE name = 'test'"
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test' AND datname = current_database()"

LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE locktype = 'advisory' AND datname = current_database()
"""


async def until_ready(relay: Relay) -> None:
    """Wait until a relay would call itself ready; what its sessions and its link tell comes after the server's."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                await relay.check_database()
                await relay.check_broker()
                await relay.check_relaying()
            except UnavailableError:
                await asyncio.sleep(0.02)
            else:
                return


async def test_exactly_one_of_two_relays_leads_and_both_are_ready(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    async with (
        running_relay(outbox_url, admin_broker_url) as (first, first_told),
        running_relay(outbox_url, admin_broker_url) as (second, second_told),
    ):
        for relay in (first, second):
            await until_ready(relay)
        row = await append(database, "a", "1")
        await inbox.until(lambda: inbox.ids_once == ["a/1"])
        await until_value(database, "SELECT count(*) FROM outbox", 0)
        assert sorted([first.role, second.role]) == [Role.LEADING, Role.STANDBY]

    assert sorted([first_told.published_ids, second_told.published_ids]) == [[], [row]]


async def test_a_standby_takes_over_when_the_leader_loses_its_session_in_mid_batch(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    rows = await append_many(database, keys=30, of_each=50)
    async with running_relay(outbox_url, admin_broker_url) as (_, first):
        await first.until(lambda: len(first.published_ids) > IN_FLIGHT)
        async with running_relay(outbox_url, admin_broker_url) as (_, second):
            assert await database.fetchval(f"SELECT pg_terminate_backend(({LEADER}))")
            await first.until(lambda: not first.leads)
            await inbox.until(lambda: len(set(inbox.ids)) == rows)
            await until_value(database, "SELECT count(*) FROM outbox", 0)

    assert inbox.first_seen == {str(key): list(range(1, 51)) for key in range(1, 31)}
    assert len(first.deleted_ids) + len(second.deleted_ids) == rows


async def test_a_standby_takes_over_from_a_killed_process(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    async with relay_process(outbox_url, admin_broker_url) as process:
        await until_value(database, "SELECT count(*) FROM relay_lease", 1)
        async with running_relay(outbox_url, admin_broker_url) as (standby, told):
            await until_ready(standby)
            assert standby.role is Role.STANDBY
            process.kill()
            await told.until(lambda: told.leads)
            row = await append(database, "a", "1")
            await told.until(lambda: told.deleted_ids == [row])

    await inbox.until(lambda: inbox.ids_once == ["a/1"])


async def test_a_frozen_leader_is_replaced_and_publishes_nothing_more_when_it_wakes(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    # The way by the proxy is a way through this process: the relay cannot be through before it is seen to have begun.
    async with TcpProxy.to(admin_broker_url) as proxy, relay_process(outbox_url, proxy.url) as process:
        await until_value(database, "SELECT count(*) FROM relay_lease", 1)
        rows = await append_many(database, keys=500, of_each=10)
        await inbox.until(lambda: len(inbox.messages) > IN_FLIGHT)
        os.kill(process.pid, signal.SIGSTOP)
        async with running_relay(outbox_url, admin_broker_url) as (_, successor):
            await successor.until(lambda: successor.leads)
            frozen_after = len(set(inbox.ids))
            await until_value(database, "SELECT count(*) FROM outbox", 0)
            await inbox.until(lambda: len(set(inbox.ids)) == rows)
            before_waking = len(inbox.messages)
            os.kill(process.pid, signal.SIGCONT)
            # Its old session was ended; it has woken wholly when it stands by in a new one.
            await until_value(database, SESSIONS, 2)
            marker = await append(database, "marker", "1")
            await inbox.until(lambda: inbox.ids[-1] == "marker/1")
            process.terminate()
            assert await process.wait() == 0

    assert frozen_after < rows
    assert len(inbox.messages) - 1 - before_waking <= IN_FLIGHT
    assert marker in successor.published_ids
    assert {key: seen for key, seen in inbox.first_seen.items() if key != "marker"} == {
        str(key): list(range(1, 11)) for key in range(1, 501)
    }


async def test_a_leader_that_cannot_reach_its_database_steps_down(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    async with (
        TcpProxy.to(outbox_url) as proxy,
        running_relay(proxy.url, admin_broker_url) as (relay, told),
    ):
        await told.until(lambda: told.leads)
        proxy.stall()
        await told.until(lambda: not told.leads)
        with pytest.raises(DatabaseAwayError):
            await relay.check_relaying()
        proxy.flow()
        row = await append(database, "a", "1")
        await told.until(lambda: told.deleted_ids == [row])
    await inbox.until(lambda: inbox.ids_once == ["a/1"])


async def test_a_leader_whose_session_was_ended_can_delete_nothing(
    outbox_url: str, database: asyncpg.Connection
) -> None:
    session = await open_session(outbox_url, "test")
    lease = Lease(session, "test", "old")
    row = await append(database, "a", "1")
    assert await lease.acquire()
    (claimed,) = await OutboxStore(session).due_per_key(10)

    await database.execute("UPDATE relay_lease SET renewed_at = renewed_at - interval '6 s'")
    successor_session = await open_session(outbox_url, "test")
    successor = Lease(successor_session, "test", "new")
    assert not await successor.acquire()
    assert await successor.evict_frozen_leader()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await successor.acquire():
            await asyncio.sleep(0.02)

    with pytest.raises(DatabaseAwayError):
        await OutboxStore(session).delete([claimed.id])
    assert not lease.held
    assert successor.held
    assert await database.fetchval("SELECT id FROM outbox") == row
    await successor_session.close()


async def test_a_leader_that_renews_is_not_evicted(outbox_url: str, database: asyncpg.Connection) -> None:
    session, other_session = await open_session(outbox_url, "test"), await open_session(outbox_url, "test")
    lease, other = Lease(session, "test", "leader"), Lease(other_session, "test", "standby")
    assert await lease.acquire()
    assert not await other.acquire()
    assert not await other.evict_frozen_leader()

    await session.close()
    await until_value(database, LOCKS, 0)

    assert await other.acquire()
    assert await count(database, "relay_lease") == 1
    await other_session.close()


async def test_a_lease_counts_from_before_it_was_asked_for(outbox_url: str) -> None:
    now = 100.0
    session = await open_session(outbox_url, "test")
    lease = Lease(session, "test", "leader", clock=lambda: now)
    assert not lease.held
    assert await lease.acquire()

    now = 103.9
    assert lease.held
    now = 104.0
    assert not lease.held
    await session.close()
