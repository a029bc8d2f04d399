import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, HeadersType

from contracts.events.task import Person
from contracts.topology import UNROUTED, WORKER_DEAD_LETTERS
from infra.broker import BrokerAwayError
from notification_worker.erasure import letters
from notification_worker.erasure.letters import TooManyLettersError, remove_letters
from tests.integration.notification_worker.answers import erasure_of
from tests.support.notification_events import TaskStory, person
from tests.support.search_broker import messages_of

ANN, EVE, JOHN = person("Ann"), person("Eve"), person("John")
HISTORY: HeadersType = {"x-reason": "unknown_event_type", "x-attempts": "3", "x-queue": "somewhere"}


@asynccontextmanager
async def channel_of(url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        yield channel


async def fill(url: str, queue: str, bodies: Sequence[bytes], headers: HeadersType | None = None) -> None:
    async with channel_of(url) as channel, asyncio.TaskGroup() as group:
        for number, body in enumerate(bodies):
            message = aio_pika.Message(body, message_id=str(number), headers=headers, delivery_mode=2)
            group.create_task(channel.default_exchange.publish(message, queue))


def facts(messages: Sequence[AbstractIncomingMessage]) -> list[tuple[str | None, bytes, dict[str, object]]]:
    """Give what of a message must stay; RabbitMQ itself counts how often it was delivered."""
    return [
        (
            message.message_id,
            message.body,
            {name: value for name, value in message.headers.items() if name != "x-delivery-count"},
        )
        for message in messages
    ]


def moved_by(somebody: Person) -> bytes:
    return TaskStory().moved(somebody).model_dump_json().encode()


@pytest.mark.parametrize("queue", [WORKER_DEAD_LETTERS, UNROUTED])
async def test_what_names_the_person_goes_and_all_else_keeps_its_place_and_its_history(
    notification_broker_url: str, admin_broker_url: str, queue: str
) -> None:
    bodies = [moved_by(one) for _ in range(500) for one in (JOHN, ANN, EVE)]
    await fill(admin_broker_url, queue, bodies, HISTORY)
    before = facts(await messages_of(admin_broker_url, queue))
    removed = await remove_letters([notification_broker_url], frozenset({ANN.id}))
    assert removed == {ANN.id: 500}
    after = facts(await messages_of(admin_broker_url, queue))
    assert after == [each for each in before if str(ANN.id).encode() not in each[1]]
    assert len(after) == 1_000
    assert after[0][2]["x-attempts"] == "3"


def variants(user_id: UUID) -> list[bytes]:
    return [
        json.dumps({"id": str(user_id), "name": "Ann"}).encode(),
        b"no json at all, but " + str(user_id).upper().encode(),
        b'{"broken": "' + user_id.hex.encode(),
        "\udcff".encode("utf-8", "surrogatepass") + str(user_id).encode(),
    ]


async def test_a_person_is_found_in_whatever_is_no_event(notification_broker_url: str, admin_broker_url: str) -> None:
    await fill(admin_broker_url, WORKER_DEAD_LETTERS, variants(ANN.id))
    await fill(admin_broker_url, WORKER_DEAD_LETTERS, [b"{}"], {"about": str(ANN.id)})
    await fill(admin_broker_url, WORKER_DEAD_LETTERS, variants(EVE.id))
    removed = await remove_letters([notification_broker_url], frozenset({ANN.id, JOHN.id}))
    assert removed == {ANN.id: 5, JOHN.id: 0}
    assert len(await messages_of(admin_broker_url, WORKER_DEAD_LETTERS)) == 4


async def test_the_letter_of_the_erasure_itself_stays_since_it_has_to_be_replayed(
    notification_broker_url: str, admin_broker_url: str
) -> None:
    letter = erasure_of(ANN).model_dump_json().encode()
    await fill(admin_broker_url, WORKER_DEAD_LETTERS, [letter])
    assert await remove_letters([notification_broker_url], frozenset({ANN.id})) == {ANN.id: 0}
    assert [message.body for message in await messages_of(admin_broker_url, WORKER_DEAD_LETTERS)] == [letter]


async def test_more_letters_than_are_looked_at_are_said_and_stay(
    notification_broker_url: str, admin_broker_url: str
) -> None:
    await fill(admin_broker_url, WORKER_DEAD_LETTERS, [moved_by(JOHN) for _ in range(20)])
    with pytest.raises(TooManyLettersError, match="10 messages"):
        await remove_letters([notification_broker_url], frozenset({ANN.id}), most=10)
    assert len(await messages_of(admin_broker_url, WORKER_DEAD_LETTERS)) == 20


async def test_more_bytes_than_may_wait_are_said_and_the_letters_stay(
    notification_broker_url: str, admin_broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [b"a" * 1_000 for _ in range(20)]
    await fill(admin_broker_url, WORKER_DEAD_LETTERS, bodies)
    assert await remove_letters([notification_broker_url], frozenset({ANN.id})) == {ANN.id: 0}
    monkeypatch.setattr(letters, "MOST_BYTES", 2_000)
    with pytest.raises(TooManyLettersError, match="2000 bytes"):
        await remove_letters([notification_broker_url], frozenset({ANN.id}))
    assert [message.body for message in await messages_of(admin_broker_url, WORKER_DEAD_LETTERS)] == bodies


async def test_a_user_who_may_not_read_the_letters_is_told_so(task_broker_url: str) -> None:
    with pytest.raises(BrokerAwayError, match="cannot be read"):
        await remove_letters([task_broker_url], frozenset({ANN.id}))
