"""The token of a session that has ended opens nothing, although it has not expired."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.user import SessionEnded, SessionEndedData
from notification_worker.api.application import notification_api
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.ended_sessions import FORGOTTEN_AT_ONCE, KEPT, end_sessions
from notification_worker.models import ended_sessions
from tests.integration.notification_worker.api_client import ANN, EVE, Client, problem_of
from tests.integration.notification_worker.workers import eventually, producing, running_worker
from tests.support.notification_events import erased, registered
from tests.support.tokens import Signer

EVERY_ROUTE = tuple(
    (method.upper(), path.removeprefix("/api/notifications").replace("{", "").replace("}", ""))
    for path, methods in notification_api().openapi()["paths"].items()
    for method in methods
)


def ended(session_id: UUID) -> SessionEnded:
    data = SessionEndedData(user_id=ANN.id, session_id=session_id)
    return SessionEnded(id=str(uuid4()), source="/task-service", time=datetime.now(UTC), data=data)


def window(client: Client, signer: Signer, session_id: UUID) -> Client:
    """Another window of Ann, of this session."""
    return Client(client.http, signer.token(ANN.id, session_id=session_id), [])


async def remembered(database: AsyncEngine) -> set[UUID]:
    async with database.connect() as connection:
        return set((await connection.execute(select(ended_sessions.c.session_id))).scalars())


def assert_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert problem_of(answer).type == "unauthenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_no_route_is_open_to_a_session_that_has_ended(database: AsyncEngine, ann: Client, signer: Signer) -> None:
    session_id = uuid4()
    leaving, staying = window(ann, signer, session_id), window(ann, signer, uuid4())
    assert (await leaving.get("/sync")).status_code == 200
    await end_sessions(database, [ended(session_id)])

    for method, path in EVERY_ROUTE:
        assert_refused(await leaving.send(method, path))
    assert (await staying.get("/sync")).status_code == 200


async def test_nobody_who_is_erased_gets_in(database: AsyncEngine, ann: Client, eve: Client) -> None:
    await apply_events(database, [registered(ANN), registered(EVE), erased(ANN)])

    for method, path in EVERY_ROUTE:
        assert_refused(await ann.send(method, path))
    assert (await eve.get("/sync")).status_code == 200


async def test_the_end_of_a_session_waits_for_no_other_event(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str, ann: Client, signer: Signer
) -> None:
    """A person with much to erase takes the worker's time; whoever logs out meanwhile is out."""
    session_id, busy, done = uuid4(), asyncio.Event(), asyncio.Event()

    async def take_long(_: Sequence[AnyEvent]) -> None:
        busy.set()
        await done.wait()

    async with (
        running_worker([notification_broker_url], database, apply=take_long),
        producing(task_broker_url) as task_service,
    ):
        await task_service.send(registered(ANN))
        await busy.wait()
        await task_service.send(ended(session_id))

        async def is_refused() -> bool:
            return (await window(ann, signer, session_id).get("/sync")).status_code == 401

        await eventually(is_refused)
        done.set()


async def test_a_session_is_remembered_as_long_as_a_token_of_it_can_live(database: AsyncEngine) -> None:
    began = datetime.now(UTC)
    old = [uuid4() for _ in range(FORGOTTEN_AT_ONCE + 1)]
    await end_sessions(database, [ended(one) for one in old], clock=lambda: began)
    await end_sessions(database, [ended(old[0]), ended(young := uuid4())], clock=lambda: began + KEPT)
    assert await remembered(database) == {*old, young}

    # What is left over goes with the next.
    for count, seconds in ((2, 1), (1, 2)):
        await end_sessions(database, [ended(young)], clock=partial(began.__add__, KEPT + timedelta(seconds=seconds)))
        assert len(await remembered(database)) == count
