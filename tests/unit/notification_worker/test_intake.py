"""Which batcher a message is handed to, and what it waits for."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

from contracts.events import AnyEvent
from contracts.events.user import SessionEnded, SessionEndedData
from infra.consuming.dead_letters import Failure
from infra.consuming.received import Received
from notification_worker.commands.order import DRAINED, NOBODY
from notification_worker.consumers.batcher import Batcher, leaving_nothing
from notification_worker.consumers.intake import Intake
from tests.support.notification_events import requested


class Taken:
    """A message as the broker delivers it, which notes that it was acknowledged."""

    is_gone = False

    def __init__(self, event: AnyEvent, sender: str) -> None:
        self.body = event.model_dump_json().encode()
        self.user_id = sender
        self.routing_key = event.routing_key
        self.acknowledged = asyncio.Event()

    def acknowledge(self) -> None:
        self.acknowledged.set()


class NoDeadLetters:
    async def take(self, received: Received, failure: Failure) -> bool:
        raise AssertionError((received, failure))


async def test_a_mark_is_applied_only_after_the_ends_of_sessions_before_it() -> None:
    applied: list[str] = []
    database = asyncio.Event()

    async def apply(events: Sequence[AnyEvent]) -> None:
        applied.extend(event.type for event in events)

    async def end_sessions(events: Sequence[AnyEvent]) -> None:
        await database.wait()
        applied.extend(event.type for event in events if isinstance(event, SessionEnded))

    batcher, sessions = Batcher(leaving_nothing(apply)), Batcher(leaving_nothing(end_sessions))
    intake, stop = Intake(batcher, NoDeadLetters(), sessions=sessions), asyncio.Event()
    ended = SessionEnded(
        id=str(uuid4()),
        source="/task-service",
        time=datetime.now(UTC),
        data=SessionEndedData(session_id=uuid4(), user_id=uuid4()),
    )
    mark = requested([NOBODY], kind=DRAINED)
    taken = [Taken(ended, "task-service"), Taken(mark, mark.source.strip("/"))]

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(batcher.run(stop))
        group.create_task(sessions.run(stop))
        takes = [group.create_task(intake.take(cast("Any", one))) for one in taken]
        for _ in range(50):
            await asyncio.sleep(0)
        assert applied == []
        database.set()
        await asyncio.gather(*takes, *(one.acknowledged.wait() for one in taken))
        stop.set()

    assert applied == [ended.type, mark.type]
