"""A dead letter sent again to a worker: at worst it fails once more, and never is anybody told twice."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from infra.broker.dead_letters.__main__ import main
from infra.broker.dead_letters.queue import DeadLetterQueue
from infra.database.engine import create_engine
from notification_worker.commands.apply_events import apply_events
from notification_worker.models import notifications
from tests.integration.notification_worker.workers import eventually, producing, running_worker
from tests.support.notification_events import TaskStory, person

ANN, JOHN = person("Ann"), person("John")


@pytest.fixture(autouse=True)
def settings(admin_broker_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TASKIFY_HOME", str(tmp_path))
    monkeypatch.setenv("TASKIFY_OPERATOR_BROKER_URL", admin_broker_url)


class Culprits:
    """Refuses the events of some ids, as a mistake in the worker's code would, until it is mended."""

    def __init__(self, database: AsyncEngine, *events: AnyEvent) -> None:
        self._apply = partial(apply_events, database)
        self.ids = {event.id for event in events}

    async def apply(self, batch: Sequence[AnyEvent]) -> None:
        if any(event.id in self.ids for event in batch):
            raise ZeroDivisionError
        await self._apply(batch)


async def letters(admin_broker_url: str) -> list[tuple[str, str, str, str]]:
    async with DeadLetterQueue.open([admin_broker_url]) as queue:
        return [
            (each.letter.id, each.letter.attempts, each.letter.first_failed_at, each.letter.last_failed_at)
            for each in queue.taken
        ]


async def told(database: AsyncEngine) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(notifications)) or 0)


async def test_a_letter_fails_again_with_its_history_and_once_mended_tells_once(
    notification_database_url: str, notification_broker_url: str, task_broker_url: str, admin_broker_url: str
) -> None:
    database = create_engine(notification_database_url, application_name="test")
    story = TaskStory()
    created, assigned = story.created(ANN), story.assigned(ANN, JOHN)
    culprits = Culprits(database, assigned)
    async with (
        running_worker([notification_broker_url], database, apply=culprits.apply),
        producing(task_broker_url) as task_service,
    ):
        await task_service.send(created, assigned)

        async def failed(oftener_than: int) -> bool:
            found = await letters(admin_broker_url)
            return [id_ for id_, *_ in found] == [assigned.id] and int(found[0][1]) > oftener_than

        await eventually(partial(failed, 0))
        ((_, attempts, first, before),) = await letters(admin_broker_url)

        assert await asyncio.to_thread(main, ["replay", "--all"]) == 0
        await eventually(partial(failed, int(attempts)))
        ((_, again, still_first, last),) = await letters(admin_broker_url)
        assert (int(again), still_first, last > before) == (int(attempts) + 1, first, True)

        culprits.ids.clear()
        assert await asyncio.to_thread(main, ["replay", assigned.id]) == 0

        async def john_is_told() -> bool:
            return await told(database) == 1

        await eventually(john_is_told)
        assert await letters(admin_broker_url) == []

        # A crash between the confirm and the removal of the letter makes the same event arrive again.
        await task_service.send(assigned, story.moved(JOHN))

        async def ann_is_told() -> bool:
            return await told(database) == 2

        await eventually(ann_is_told)
    await database.dispose()
