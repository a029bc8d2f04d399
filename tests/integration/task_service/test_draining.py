"""Waiting until what other services have answered is applied."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from contracts.events.user import UserExported
from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE_USER_EVENTS
from infra.lifecycle import run_services
from task_service.commands.unit_of_work import UnitOfWork, session_factory
from task_service.consumers.answers import Answers
from task_service.consumers.draining import NotDrainedError, drain
from task_service.models import Export, ExportPart
from tests.integration.notification_worker.workers import producing
from tests.integration.task_service.client import Api, Member
from tests.integration.task_service.test_exports import begin, part_of

SECONDS = 30.0


@asynccontextmanager
async def taking_answers(broker_url: str, api: Api) -> AsyncIterator[None]:
    answers, stop = Answers([broker_url], UnitOfWork(session_factory(api.engine), lambda: None)), asyncio.Event()

    async def work() -> None:
        assert await run_services(answers.services, stop) == 0

    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        try:
            yield
        finally:
            stop.set()


@pytest.fixture
def urls(task_database_url: str, admin_broker_url: str) -> tuple[str, list[str]]:
    return task_database_url, [admin_broker_url]


async def test_draining_waits_for_an_answer_that_cannot_be_kept_yet(
    api: Api, ann: Member, urls: tuple[str, list[str]], task_broker_url: str, notification_broker_url: str
) -> None:
    export = await begin(ann)
    answer = UserExported(
        id=str(uuid4()),
        source="/notification-worker",
        subject=str(ann.id),
        partitionkey=str(ann.id),
        time=datetime.now(UTC),
        data=part_of(ann, export),
    )
    async with producing(notification_broker_url, NOTIFICATION_WORKER) as worker:
        await worker.send(answer)

    with pytest.raises(NotDrainedError, match=TASK_SERVICE_USER_EVENTS):
        await drain(*urls, 0.1)

    async with taking_answers(task_broker_url, api):
        async with api.engine.begin() as locking:
            await locking.execute(select(Export).where(Export.id == UUID(export["id"])).with_for_update())
            with pytest.raises(NotDrainedError):
                await drain(*urls, 2.0)

        await drain(*urls, SECONDS)

        async with api.engine.connect() as connection:
            assert await connection.scalar(select(func.count()).select_from(ExportPart)) == 1
