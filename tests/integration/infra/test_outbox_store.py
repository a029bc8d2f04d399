"""Where the relay's scan of the outbox begins."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from infra.outbox.session import Session, open_session
from infra.outbox.store import _DUE_PER_KEY, _OLDEST, BATCH_BYTES, MARK_SECONDS, OutboxStore, Postponement
from tests.integration.infra.relays import DEADLINE_SECONDS, append


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_a_mark(self) -> None:
        self.now += MARK_SECONDS


@pytest.fixture
async def session(outbox_url: str) -> AsyncIterator[Session]:
    opened = await open_session(outbox_url, "test")
    yield opened
    await opened.close()


async def relay_once(store: OutboxStore, clock: Callable[[], None]) -> list[int]:
    clock()
    row_ids = [row.id for row in await store.due_per_key(10)]
    await store.delete(row_ids)
    return row_ids


async def until_scan_after(store: OutboxStore, clock: Clock, row_id: int) -> None:
    """Transactions are numbered for the whole server: those of other tests may still be under way at a mark."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while store.scan_after != row_id:
            await relay_once(store, clock.pass_a_mark)


async def test_the_scan_passes_over_what_is_gone_although_a_long_read_keeps_it_from_vacuum(
    session: Session, outbox_url: str, database: asyncpg.Connection
) -> None:
    clock = Clock()
    store = OutboxStore(session, clock)
    reader = await asyncpg.connect(outbox_url)
    async with reader.transaction(isolation="repeatable_read", readonly=True):
        await reader.fetch("SELECT * FROM outbox")
        row = await append(database, "a", "1")
        await until_scan_after(store, clock, row)
    await reader.close()


async def test_the_scan_stays_below_an_id_that_a_transaction_may_still_commit(
    session: Session, outbox_url: str, database: asyncpg.Connection
) -> None:
    clock = Clock()
    store = OutboxStore(session, clock)
    slow = await asyncpg.connect(outbox_url)
    transaction = slow.transaction()
    await transaction.start()
    late = await append(slow, "slow", "1")
    early = await append(database, "fast", "1")

    relayed = [await relay_once(store, clock.pass_a_mark) for _ in range(4)]
    assert relayed == [[early], [], [], []]
    assert store.scan_after < late
    await transaction.commit()

    assert await relay_once(store, clock.pass_a_mark) == [late]
    await until_scan_after(store, clock, early)
    await slow.close()


async def test_the_scan_stays_below_a_row_that_waits(session: Session, database: asyncpg.Connection) -> None:
    clock = Clock()
    store = OutboxStore(session, clock)
    waiting, behind = await append(database, "a", "1"), await append(database, "a", "2")
    other = await append(database, "b", "1")
    await store.postpone({waiting: Postponement(1, 3_600.0, "refused")})

    assert [row.id for row in await store.due_per_key(10)] == [other]
    assert await store.due_in_strict_order(10) == []
    await store.delete([other])
    for _ in range(4):
        await relay_once(store, clock.pass_a_mark)
    assert store.scan_after < waiting

    await database.execute("UPDATE outbox SET next_attempt_at = now() WHERE id = $1", waiting)
    due = await store.due_per_key(10)
    assert [(row.id, row.attempts) for row in due] == [(waiting, 1), (behind, 0)]


async def test_a_batch_comes_from_the_index_although_statistics_say_that_the_table_is_empty(
    session: Session, database: asyncpg.Connection
) -> None:
    await database.execute("ANALYZE outbox")
    await database.execute(
        "INSERT INTO outbox (message_id, type, content_type, routing_key, order_key, body)"
        " SELECT i, 't', 't', 't', i, 'b' FROM generate_series(1, 20000) AS i"
    )
    store = OutboxStore(session)

    assert [row.id for row in await store.due_per_key(3)] == [1, 2, 3]

    for statement in (_DUE_PER_KEY, _OLDEST):
        bound = statement.replace("$1", "0").replace("$2", "500").replace("$3", "8000000")
        plan = "\n".join(line[0] for line in await session.fetch("EXPLAIN " + bound))
        assert "Sort" not in plan
        assert "Seq Scan" not in plan


async def test_a_batch_ends_before_its_bodies_are_more_than_may_be_and_has_one_row_at_least(
    session: Session, database: asyncpg.Connection
) -> None:
    ids = [await append(database, key, "ä" * length) for key, length in (("a", 30), ("b", 20), ("c", 1), ("d", 200))]
    store = OutboxStore(session, batch_bytes=100)

    for due in (store.due_per_key, store.due_in_strict_order):
        assert [row.id for row in await due(10)] == ids[:2]
        assert [row.id for row in await due(1)] == ids[:1]
    await store.delete(ids[:3])

    for due in (store.due_per_key, store.due_in_strict_order):
        assert [len(row.body) for row in await due(10)] == [200]


async def test_a_batch_out_of_many_large_rows_is_small(session: Session, database: asyncpg.Connection) -> None:
    await database.execute("ALTER TABLE outbox ALTER body SET STORAGE EXTERNAL")
    await database.execute(
        "INSERT INTO outbox (message_id, type, content_type, routing_key, order_key, body)"
        " SELECT i, 't', 't', 't', 'a', repeat('b', 1000000) FROM generate_series(1, 40) AS i"
    )
    store = OutboxStore(session)

    for due in (store.due_per_key, store.due_in_strict_order):
        rows = await due(500)
        assert sum(len(row.body) for row in rows) == BATCH_BYTES
