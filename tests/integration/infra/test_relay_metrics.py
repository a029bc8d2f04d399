"""What a relay says of itself to Prometheus."""

import asyncio

import aio_pika
import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from infra.broker import MessageForbiddenError, MessageNotEncodableError, MessageUnroutableError
from infra.metrics.registry import process_registry
from infra.outbox import backlog as backlog_module
from infra.outbox.metrics import CountingObserver, RelayMetrics
from infra.outbox.publishing import Ordering
from infra.outbox.relay import Relay, Retries
from infra.outbox.session import open_session
from tests.integration.infra.relays import (
    DEADLINE_SECONDS,
    EXCHANGE,
    Inbox,
    append,
    append_many,
    metered_relay,
    open_inbox,
    running_relay,
)
from tests.integration.infra.short_broker import ShortBroker
from tests.support.tcp_proxy import TcpProxy

SOON = Retries(attempts=2, first_seconds=0.05, cap_seconds=0.1, nacked_cap_seconds=0.1)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog_module, "READ_SECONDS", 0.05)


async def until_sample(registry: CollectorRegistry, name: str, value: float | None, **labels: str) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while registry.get_sample_value(f"taskify_relay_{name}", labels) != value:
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("inbox")
async def test_published_rows_are_counted_with_their_time_and_an_empty_outbox_is_shown_as_such(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection
) -> None:
    await append_many(database, keys=10, of_each=3)
    async with metered_relay(outbox_url, admin_broker_url) as registry:
        await until_sample(registry, "published_total", 30)
        await until_sample(registry, "outbox_rows", 0)
        assert registry.get_sample_value("taskify_relay_outbox_oldest_age_seconds") == 0
        assert registry.get_sample_value("taskify_relay_leading") == 1
        assert registry.get_sample_value("taskify_relay_publish_seconds_count") == 30
        total = registry.get_sample_value("taskify_relay_publish_seconds_sum")
        assert total is not None
        assert 0 < total < 30 * DEADLINE_SECONDS


async def test_refusals_are_counted_by_how_and_what_waits_and_what_is_set_aside_is_shown(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    exchange = await inbox.channel.get_exchange(EXCHANGE)
    full = await inbox.channel.declare_queue(
        "full", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    await full.bind(exchange, "full")
    await exchange.publish(aio_pika.Message(b"fills it"), "full")
    nacked = await append(database, "a", "1", routing_key="full")
    await append(database, "b", "1", routing_key="nobody.is.bound")
    await append(database, "c", "1", routing_key="x" * 300)
    await database.execute("UPDATE outbox SET created_at = created_at - interval '1 hour' WHERE id = $1", nacked)

    async with metered_relay(outbox_url, admin_broker_url, SOON) as registry:
        await until_sample(registry, "set_aside_rows", 2)
        await until_sample(registry, "outbox_rows", 1)
        age = registry.get_sample_value("taskify_relay_outbox_oldest_age_seconds")
        assert age is not None
        assert 3_600 <= age < 3_600 + DEADLINE_SECONDS
        assert registry.get_sample_value("taskify_relay_refused_total", {"outcome": "unroutable"}) == SOON.attempts
        assert registry.get_sample_value("taskify_relay_refused_total", {"outcome": "forbidden"}) == SOON.attempts
        nacks = registry.get_sample_value("taskify_relay_refused_total", {"outcome": "nacked"})
        assert nacks is not None
        assert nacks > 0
        await full.purge()
        await until_sample(registry, "outbox_rows", 0)


@pytest.mark.usefixtures("inbox")
async def test_a_standby_says_that_it_does_not_lead_and_nothing_of_the_outbox(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection
) -> None:
    async with running_relay(outbox_url, admin_broker_url) as (_, leader):
        await leader.until(lambda: leader.leads)
        async with metered_relay(outbox_url, admin_broker_url) as registry:
            row = await append(database, "a", "1")
            await leader.until(lambda: leader.deleted_ids == [row])
            assert registry.get_sample_value("taskify_relay_leading") == 0
            assert registry.get_sample_value("taskify_relay_outbox_rows") is None
            assert registry.get_sample_value("taskify_relay_published_total") == 0


async def test_a_broker_that_is_short_of_memory_shows_as_blocked_with_what_waits(
    outbox_url: str, short_broker: ShortBroker, database: asyncpg.Connection
) -> None:
    async with open_inbox(short_broker.url), metered_relay(outbox_url, short_broker.url) as registry:
        await until_sample(registry, "leading", 1)
        async with short_broker.memory_alarm():
            await append_many(database, keys=5, of_each=2)
            await until_sample(registry, "broker_blocked", 1)
            await until_sample(registry, "outbox_rows", 10)
        await until_sample(registry, "outbox_rows", 0)
        await until_sample(registry, "broker_blocked", 0)


@pytest.mark.usefixtures("inbox")
async def test_a_database_that_does_not_answer_takes_what_waits_out_of_the_page_and_nothing_else(
    outbox_url: str, admin_broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog_module, "STALE_SECONDS", 1.0)
    async with TcpProxy.to(outbox_url) as proxy, metered_relay(proxy.url, admin_broker_url) as registry:
        await until_sample(registry, "outbox_rows", 0)
        proxy.stall()
        await until_sample(registry, "outbox_rows", None)
        assert registry.get_sample_value("taskify_relay_published_total") == 0
        proxy.flow()
        await until_sample(registry, "outbox_rows", 0)


async def test_however_many_rows_wait_no_more_than_a_bounded_number_is_looked_at(
    outbox_url: str, database: asyncpg.Connection
) -> None:
    await append_many(database, keys=50, of_each=100)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await database.fetchval("SELECT pg_stat_get_live_tuples('outbox'::regclass)") != 5_000:
            await asyncio.sleep(0.05)
    session = await open_session(outbox_url, "test")

    (exact,) = await session.fetch(backlog_module._READ, 0, 5_000)
    (estimated,) = await session.fetch(backlog_module._READ, 0, 100)
    (behind,) = await session.fetch(backlog_module._READ, 4_990, 100)
    plan = "\n".join(
        line[0]
        for line in await session.fetch(
            "EXPLAIN (ANALYZE, TIMING OFF) " + backlog_module._READ.replace("$1", "0").replace("$2", "100")
        )
    )
    await session.close()

    assert (exact["rows"], estimated["rows"], behind["rows"]) == (5_000, 5_000, 10)
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
    assert "rows=5000" not in plan


def test_every_refusal_of_a_broker_has_its_outcome() -> None:
    counts = CountingObserver("test")
    counts.nacked([1, 2])
    for error in (MessageUnroutableError(), MessageForbiddenError(), MessageNotEncodableError()):
        counts.refused(1, 1, error)
        counts.set_aside(1, error)

    assert counts.refused_rows == {"nacked": 2, "unroutable": 2, "forbidden": 4}


def test_two_relays_in_one_process_share_no_count() -> None:
    def relay_of(name: str) -> tuple[CountingObserver, CollectorRegistry]:
        counts, registry = CountingObserver(name), process_registry()
        relay = Relay(
            name,
            database_url="postgresql://nobody@nowhere/none",
            broker_urls=[],
            exchange=EXCHANGE,
            ordering=Ordering.STRICT,
            wake_up_channel="none",
            observer=counts,
        )
        RelayMetrics(relay, counts, registry)
        return counts, registry

    (first, first_registry), (_, second_registry) = relay_of("first"), relay_of("second")
    first.published(1, 0.01)

    assert first_registry.get_sample_value("taskify_relay_published_total") == 1
    assert second_registry.get_sample_value("taskify_relay_published_total") == 0
