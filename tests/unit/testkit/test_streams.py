"""Taskify's events, as a stream gives them to a test."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from taskify_testkit import Event, EventStream, UnexpectedError
from taskify_testkit.background import Background


class Message:
    """A message that waits in the stream."""

    acknowledged = False

    async def ack(self) -> None:
        self.acknowledged = True


class Broker:
    """Answers always."""

    @asynccontextmanager
    async def broker_answers(self) -> AsyncIterator[None]:
        yield


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


def stream_of(background: Background, message: Message, *words: str) -> EventStream:
    body = json.dumps({"type": "taskify.task.created.v1", "subject": "7", "data": {}}).encode()
    stream = EventStream(cast("Any", Broker()), background, words)
    stream._channel = cast("Any", "open")
    stream._arrived.append((Event(body, "task.created.0", {}), cast("Any", message)))
    return stream


async def test_an_event_at_which_the_condition_raises_stays(background: Background) -> None:
    message = Message()
    stream = stream_of(background, message)

    with pytest.raises(KeyError):
        await stream.next(lambda event: event.data["assignee"] is not None)

    assert not message.acknowledged
    assert (await stream.next()).subject == "7"
    assert message.acknowledged


@pytest.mark.parametrize(("words", "told"), [((), "an event of 8"), (("task.created",), "an event task.created of 8")])
async def test_what_was_expected_is_told(background: Background, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(UnexpectedError) as raised:
        await stream_of(background, Message(), *words).next(subject="8", within=0.01)

    assert f"expected  {told}\n" in str(raised.value)
    assert "taskify.task.created.v1 of 7" in str(raised.value)
