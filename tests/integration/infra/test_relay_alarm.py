"""The relay while the broker is short of memory: it holds the rows, says why, and goes on by itself."""

import asyncio

import asyncpg
import pytest

from infra.broker import BrokerBlockedError
from infra.broker.connection import connect
from infra.broker.publisher import CONFIRM_SECONDS, Publisher
from infra.health import Health
from tests.integration.infra.relays import DEADLINE_SECONDS, EXCHANGE, append, append_many, open_inbox, running_relay
from tests.integration.infra.short_broker import ShortBroker
from tests.integration.infra.test_publisher import Letter

SHORT = "the broker takes no messages now: it is short of memory or disk"


async def until_the_check_says(health: Health, words: str) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while words not in (await health.readiness()).checks["broker"]:
            await asyncio.sleep(0.05)


async def test_a_relay_says_all_the_time_that_the_broker_is_short_of_memory_and_publishes_when_it_is_not(
    outbox_url: str, short_broker: ShortBroker, database: asyncpg.Connection
) -> None:
    async with open_inbox(short_broker.url) as inbox, running_relay(outbox_url, short_broker.url) as (relay, recorder):
        health = Health({"broker": relay.check_broker})
        await until_the_check_says(health, "ok")
        async with short_broker.memory_alarm():
            await append_many(database, keys=300, of_each=2)
            await until_the_check_says(health, SHORT)
            # Longer than a confirm may take: the relay must not open one connection after the other.
            until = asyncio.get_running_loop().time() + CONFIRM_SECONDS + 2
            while asyncio.get_running_loop().time() < until:
                assert SHORT in (await health.readiness()).checks["broker"]
                await asyncio.sleep(0.05)
            # A busy machine may take longer than that to give up what is in flight.
            await recorder.until(lambda: relay.broker_blocked)
            assert recorder.deleted_ids == []
        await recorder.until(lambda: len(recorder.deleted_ids) == 600)
        assert not relay.broker_blocked
        assert len(recorder.interruptions) > 1
        await recorder.until(lambda: recorder.resumptions == 1)
        assert (await health.readiness()).ready
        await inbox.until(lambda: len(set(inbox.ids)) == 600)

    assert inbox.first_seen == {str(key): [1, 2] for key in range(1, 301)}
    assert recorder.refusals == []


async def test_a_publisher_that_is_blocked_keeps_its_connection_and_sends_nothing_more(
    short_broker: ShortBroker,
) -> None:
    async with open_inbox(short_broker.url) as inbox:
        publisher = await Publisher.open(await connect([short_broker.url], "test"))
        async with short_broker.memory_alarm():
            with pytest.raises(BrokerBlockedError):
                await publisher.publish(EXCHANGE, Letter("in flight"), confirm_seconds=1.0)
            with pytest.raises(BrokerBlockedError):
                await publisher.publish(EXCHANGE, Letter("not sent"))
            assert not publisher.lost.is_set()
        await publisher.wait_until_unblocked(DEADLINE_SECONDS)
        await publisher.publish(EXCHANGE, Letter("after"))
        await inbox.until(lambda: "after" in inbox.ids)
        await publisher.close()

    assert inbox.ids == ["in flight", "after"]


async def test_a_relay_stops_in_time_while_the_broker_is_short_of_memory(
    outbox_url: str, short_broker: ShortBroker, database: asyncpg.Connection
) -> None:
    async with open_inbox(short_broker.url), short_broker.memory_alarm():
        async with running_relay(outbox_url, short_broker.url) as (relay, _):
            await append(database, "a", "1")
            await until_the_check_says(Health({"broker": relay.check_broker}), SHORT)
            stopped_at = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - stopped_at < 8
