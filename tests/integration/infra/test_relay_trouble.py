"""The relay when the broker is away, or will not have a message."""

import aio_pika
import asyncpg
import pytest

from contracts.topology import DOMAIN_EVENTS
from infra.outbox.publishing import Ordering
from infra.outbox.relay import Retries
from tests.integration.infra.relays import EXCHANGE, Inbox, append, append_many, count, running_relay
from tests.support.tcp_proxy import TcpProxy

SOON = Retries(attempts=3, first_seconds=0.05, cap_seconds=0.1)


@pytest.mark.parametrize("ordering", list(Ordering))
async def test_a_cut_to_the_broker_loses_nothing_and_keeps_the_order(
    ordering: Ordering, outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    rows = await append_many(database, keys=30, of_each=50)
    cuts_at = {150, 700, 1_200}

    async with TcpProxy.to(admin_broker_url) as proxy, running_relay(outbox_url, proxy.url, ordering) as (_, recorder):

        def cut(_: int) -> None:
            if len(recorder.published_ids) in cuts_at:
                proxy.break_connections()

        recorder.on_published = cut
        await recorder.until(lambda: len(recorder.deleted_ids) == rows)
        await inbox.until(lambda: len(set(inbox.ids)) == rows)

    assert inbox.first_seen == {str(key): list(range(1, 51)) for key in range(1, 31)}
    assert recorder.interruptions
    assert not recorder.refusals
    assert await count(database, "outbox") == 0


async def test_an_unroutable_row_holds_up_only_its_own_key_until_it_is_set_aside(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    bad = await append(database, "a", "1", routing_key="nobody.is.bound")
    behind = await append(database, "a", "2")
    other = await append(database, "b", "1")

    async with running_relay(outbox_url, admin_broker_url, retries=SOON) as (_, recorder):
        await recorder.until(lambda: behind in recorder.deleted_ids)

    assert [(row, attempts) for row, attempts, _ in recorder.refusals] == [(bad, 1), (bad, 2)]
    assert recorder.steps == [
        *(("published", other), ("deleted", other)),
        *(("set aside", bad), ("published", behind), ("deleted", behind)),
    ]
    await inbox.until(lambda: inbox.ids_once == ["b/1", "a/2"])
    kept = await database.fetchrow("SELECT * FROM outbox_set_aside")
    assert kept is not None
    assert (kept["id"], kept["message_id"], kept["attempts"]) == (bad, "a/1", 3)
    assert "nobody.is.bound" in kept["reason"]
    assert await count(database, "outbox") == 0


async def test_in_strict_order_nothing_is_deleted_behind_a_refused_row_until_it_is_set_aside(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    first = await append(database, "a", "1")
    bad = await append(database, "b", "1", routing_key="nobody.is.bound")
    last = await append(database, "c", "1")

    async with running_relay(outbox_url, admin_broker_url, Ordering.STRICT, retries=SOON) as (_, recorder):
        await recorder.until(lambda: last in recorder.deleted_ids)

    settled = [step for step in recorder.steps if step[0] != "published"]
    assert settled == [("deleted", first), ("set aside", bad), ("deleted", last)]
    assert recorder.steps.index(("set aside", bad)) < len(recorder.steps) - 1 - recorder.steps[::-1].index(
        ("published", last)
    )
    confirmed = recorder.steps.count(("published", last))
    await inbox.until(lambda: inbox.ids.count("c/1") >= confirmed)
    assert inbox.ids_once == ["a/1", "c/1"]
    assert inbox.ids[-1] == "c/1"


async def test_a_full_queue_makes_rows_wait_and_never_sets_them_aside(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    exchange = await inbox.channel.get_exchange(EXCHANGE)
    full = await inbox.channel.declare_queue(
        "full", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    await full.bind(exchange, "full")
    await exchange.publish(aio_pika.Message(b"fills it"), "full")
    row = await append(database, "a", "1", routing_key="full")

    async with running_relay(outbox_url, admin_broker_url, retries=SOON) as (_, recorder):
        await recorder.until(lambda: len(recorder.nacked_ids) > SOON.attempts)
        assert recorder.set_aside_ids == []
        await full.purge()
        await recorder.until(lambda: recorder.deleted_ids == [row])


async def test_a_row_is_published_soon_after_a_queue_that_was_full_for_long_has_room(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    exchange = await inbox.channel.get_exchange(EXCHANGE)
    full = await inbox.channel.declare_queue(
        "full for long", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    await full.bind(exchange, "full")
    await exchange.publish(aio_pika.Message(b"fills it"), "full")
    row = await append(database, "a", "1", routing_key="full")
    patient = Retries(attempts=3, first_seconds=0.02, cap_seconds=600.0, nacked_cap_seconds=0.1)

    async with running_relay(outbox_url, admin_broker_url, retries=patient) as (_, recorder):
        # The eighteenth wait would be over 40 minutes.
        await recorder.until(lambda: len(recorder.nacked_ids) > 17)
        await full.purge()
        await recorder.until(lambda: recorder.deleted_ids == [row])


async def test_a_row_that_was_nacked_often_still_has_all_its_attempts_when_it_becomes_unroutable(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    exchange = await inbox.channel.get_exchange(EXCHANGE)
    full = await inbox.channel.declare_queue(
        "full, then gone", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    await full.bind(exchange, "full")
    await exchange.publish(aio_pika.Message(b"fills it"), "full")
    row = await append(database, "a", "1", routing_key="full")
    patient = Retries(attempts=3, first_seconds=0.02, nacked_cap_seconds=0.1)

    async with running_relay(outbox_url, admin_broker_url, retries=patient) as (_, recorder):
        await recorder.until(lambda: len(recorder.nacked_ids) > 2 * patient.attempts)
        await full.unbind(exchange, "full")
        await recorder.until(lambda: recorder.set_aside_ids == [row])

    assert [attempts for _, attempts, _ in recorder.refusals] == [1, 2]
    assert await database.fetchval("SELECT attempts FROM outbox_set_aside") == patient.attempts


async def test_a_message_that_the_broker_forbids_is_found_among_others_and_set_aside(
    outbox_url: str, task_broker_url: str, database: asyncpg.Connection
) -> None:
    """The broker closes the channel without saying for which message, and all in flight fail with it."""
    good = [await append(database, f"key-{number}", "1", routing_key="task.created.0") for number in range(20)]
    bad = await append(database, "bad", "1", routing_key="user.exported")
    good += [await append(database, f"key-{number}", "2", routing_key="task.changed.0") for number in range(20)]

    async with running_relay(outbox_url, task_broker_url, exchange=DOMAIN_EVENTS, retries=SOON) as (_, recorder):
        await recorder.until(lambda: recorder.set_aside_ids == [bad])
        await recorder.until(lambda: sorted(recorder.deleted_ids) == good)

    assert {row for row, _, _ in recorder.refusals} == {bad}


async def test_a_missing_exchange_is_waited_for_and_counts_against_no_row(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    row = await append(database, "a", "1")

    async with running_relay(outbox_url, admin_broker_url, exchange="later", retries=SOON) as (_, recorder):
        await recorder.until(lambda: len(recorder.interruptions) > SOON.attempts)
        assert await database.fetchval("SELECT attempts FROM outbox WHERE id = $1", row) == 0
        later = await inbox.channel.declare_exchange("later", "topic", durable=True)
        await inbox.queue.bind(later, "known")
        await recorder.until(lambda: recorder.deleted_ids == [row])

    assert recorder.refusals == []
    assert recorder.set_aside_ids == []


async def test_a_row_that_no_amqp_message_can_carry_is_set_aside(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection, inbox: Inbox
) -> None:
    bad = await append(database, "a", "1", routing_key="x" * 300)
    good = await append(database, "b", "1")

    async with running_relay(outbox_url, admin_broker_url, retries=SOON) as (_, recorder):
        await recorder.until(lambda: recorder.set_aside_ids == [bad])

    assert recorder.deleted_ids == [good]
    await inbox.until(lambda: inbox.ids_once == ["b/1"])
