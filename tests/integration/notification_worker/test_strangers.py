"""A property that the client library cannot decode costs nobody anything, whoever reads the message."""

import pytest
from aio_pika.abc import AbstractIncomingMessage
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.topology import DOMAIN_EVENTS, TASK_SERVICE, UNROUTED, WORKER_DEAD_LETTERS
from infra.broker.dead_letters.queue import DeadLetterQueue
from notification_worker.erasure.letters import remove_letters
from notification_worker.models import processed_events
from tests.integration.notification_worker.workers import dead_letters, eventually, producing, running_worker
from tests.support.notification_events import TaskStory, person
from tests.support.raw_messages import ODD, long, raw_sender, short

ANN, JOHN = person("Ann"), person("John")
KEY = b"task.moved.1"


async def processed(database: AsyncEngine) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(processed_events)) or 0)


async def first_letter(admin_broker_url: str) -> AbstractIncomingMessage:
    (letter,) = await dead_letters(admin_broker_url, 1)
    return letter


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
async def test_an_event_with_an_odd_property_is_applied_or_dead_lettered_and_those_behind_it_go_on(
    database: AsyncEngine,
    notification_broker_url: str,
    task_broker_url: str,
    admin_broker_url: str,
    odd: dict[str, bytes],
) -> None:
    story = TaskStory()
    own = {"user_id": short(TASK_SERVICE.encode()), "delivery_mode": b"\x02", **odd}
    event = story.moved(JOHN).model_dump_json().encode()
    async with raw_sender(task_broker_url) as sender, producing(task_broker_url) as task_service:
        await sender.send(DOMAIN_EVENTS, KEY, event, **own)
        await sender.send(DOMAIN_EVENTS, KEY, b"no envelope", **own)
        await task_service.send(story.moved(ANN))
    async with running_worker([notification_broker_url], database) as worker:
        letter = await first_letter(admin_broker_url)

        async def both_processed() -> bool:
            return await processed(database) == 2

        await eventually(both_processed)
        assert not worker.stop.is_set()
    assert (letter.body, letter.headers["x-reason"]) == (b"no envelope", "not_an_envelope")
    assert letter.headers["x-user-id"] == TASK_SERVICE


async def test_headers_that_leave_no_room_for_the_reason_stay_behind(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str, admin_broker_url: str
) -> None:
    content = b"".join(
        short(name) + b"S" + long(text)
        for name, text in ((b"x-attempts", b"3"), (b"x-first-failed-at", b"2" * 100), (b"large", b"x" * 130_800))
    )
    async with raw_sender(task_broker_url) as sender:
        await sender.send(
            DOMAIN_EVENTS, KEY, b"no envelope", headers=long(content), user_id=short(TASK_SERVICE.encode())
        )
    async with running_worker([notification_broker_url], database):
        letter = await first_letter(admin_broker_url)
    assert letter.body == b"no envelope"
    assert letter.headers["x-reason"] == "not_an_envelope"
    assert letter.headers["x-attempts"] == "4"
    assert "large" not in letter.headers
    assert len(str(letter.headers["x-first-failed-at"])) < 40


async def test_what_nobody_took_and_nobody_can_read_wholly_is_looked_through_for_an_erased_person(
    notification_broker_url: str, admin_broker_url: str
) -> None:
    async with raw_sender(admin_broker_url) as sender:
        for odd in ODD.values():
            for queue in (UNROUTED, WORKER_DEAD_LETTERS):
                await sender.send("", queue.encode(), TaskStory().moved(ANN).model_dump_json().encode(), **odd)
                await sender.send("", queue.encode(), TaskStory().moved(JOHN).model_dump_json().encode(), **odd)
        await sender.send(DOMAIN_EVENTS, b"caf\xe9", str(ANN.id).encode())

    assert await remove_letters([notification_broker_url], frozenset({ANN.id})) == {ANN.id: 2 * len(ODD) + 1}
    assert await remove_letters([notification_broker_url], frozenset({JOHN.id})) == {JOHN.id: 2 * len(ODD)}


async def test_letters_with_odd_properties_are_shown_to_a_person(admin_broker_url: str) -> None:
    async with raw_sender(admin_broker_url) as sender:
        for odd in ODD.values():
            await sender.send("", WORKER_DEAD_LETTERS.encode(), b"body", **odd)
    async with DeadLetterQueue.open([admin_broker_url]) as letters:
        assert [taken.letter.body for taken in letters.taken] == [b"body"] * len(ODD)
