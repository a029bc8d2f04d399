"""What another team's service sends in somebody else's name: the broker cannot see it, so the worker puts it aside."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.compatibility.released import RELEASED
from contracts.dead_letters import DeadLetterHeaders
from contracts.events import AnyEvent
from contracts.examples import examples
from contracts.topology import REQUESTS, WORKER_REQUESTS, user_of_another_service
from infra.broker.definitions import rights, with_passwords
from infra.database.engine import create_engine
from notification_worker.models import notifications
from tests.integration.notification_worker.workers import Producer, dead_letters, eventually, producing, running_worker
from tests.support.notification_events import person, registered, requested
from tests.support.servers import Broker, Vhost

BILLING = "billing"
ANN = person("Ann")


@pytest.fixture
async def database(notification_database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(notification_database_url, application_name="test")
    yield engine
    await engine.dispose()


@pytest.fixture
async def billing(broker: Broker, broker_vhost: Vhost) -> AsyncIterator[Producer]:
    password = urlsplit(broker_vhost.task_service).password or ""
    users = {
        "users": [{"name": BILLING, "tags": []}],
        **rights(broker_vhost.name, users=(user_of_another_service(BILLING),)),
    }
    broker.management.post("/api/definitions", json=with_passwords(users, {BILLING: password})).raise_for_status()
    async with producing(broker_vhost.url(BILLING), BILLING) as producer:
        yield producer


async def told(database: AsyncEngine) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(notifications)) or 0)


def of_the_task_service(event: AnyEvent) -> AnyEvent:
    return event.model_copy(update={"id": str(uuid4())})


async def test_what_is_sent_in_another_s_name_becomes_a_dead_letter_and_the_rest_arrives(
    database: AsyncEngine,
    notification_broker_url: str,
    task_broker_url: str,
    admin_broker_url: str,
    billing: Producer,
) -> None:
    foreign = {
        "the task service's source": (requested([ANN.id], source="/task-service"), REQUESTS, BILLING),
        "another service's source": (requested([ANN.id], source="/search"), REQUESTS, BILLING),
        "nobody's word for it": (requested([ANN.id], source="/billing"), REQUESTS, None),
        "another service's source under its own key": (
            requested([ANN.id], source="/search"),
            f"{BILLING}.{REQUESTS}",
            None,
        ),
        **{
            event.type: (of_the_task_service(event), REQUESTS, BILLING)
            for event in examples().values()
            if event.source == "/task-service"
        },
    }
    async with running_worker([notification_broker_url], database), producing(task_broker_url) as task_service:
        await task_service.send(registered(ANN))
        for event, routing_key, user_id in foreign.values():
            await billing.send_raw(event.model_dump_json().encode(), routing_key, message_id=event.id, user_id=user_id)
        letters = await dead_letters(admin_broker_url, len(foreign))
        for routing_key, user_id in ((REQUESTS, BILLING), (f"{BILLING}.{REQUESTS}", None)):
            event = requested([ANN.id], source="/billing/invoices")
            await billing.send_raw(event.model_dump_json().encode(), routing_key, message_id=event.id, user_id=user_id)

        async def both_are_told() -> bool:
            return await told(database) == 2

        await eventually(both_are_told)
    assert {letter.message_id for letter in letters} == {event.id for event, _, _ in foreign.values()}
    for letter in letters:
        headers = DeadLetterHeaders.model_validate(dict(letter.headers), extra="ignore")
        assert (headers.reason, headers.queue, headers.attempts) == ("foreign_source", WORKER_REQUESTS, "1")
        assert set(letter.headers) == {field.alias for field in DeadLetterHeaders.model_fields.values()}
        assert letter.user_id == "notification-worker"


async def test_every_golden_sample_of_a_request_is_taken(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str, billing: Producer
) -> None:
    samples = sorted((RELEASED / "samples" / "taskify.notification.requested.v1").glob("*.json"))
    reader = next(event for event in examples().values() if event.type == "taskify.notification.requested.v1")
    async with running_worker([notification_broker_url], database), producing(task_broker_url) as task_service:
        recipient = registered(person("Ann"))
        await task_service.send(
            recipient.model_copy(update={"data": recipient.data.model_copy(update={"user": person_of(reader)})})
        )
        for number, sample in enumerate(samples):
            body = sample.read_text().replace(reader.id, f"sample-{number}")
            await billing.send_raw(body.encode(), REQUESTS, message_id=f"sample-{number}")

        async def all_are_told() -> bool:
            return await told(database) == len(samples)

        await eventually(all_are_told)


def person_of(request: AnyEvent) -> object:
    """Make a person of the first recipient of a request."""
    return person("Ann").model_copy(update={"id": request.data.recipients[0]})
