"""A migrated database of the notification worker, and people who speak to its API."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.task import Person
from infra.database.engine import create_engine
from tests.integration.notification_worker.api_client import ANN, EVE, Client, client_on
from tests.support.patience import patient_engine
from tests.support.tokens import Signer, published


@pytest.fixture
async def database(notification_database_url: str) -> AsyncIterator[AsyncEngine]:
    """Sessions like those of the worker and the API."""
    engine = patient_engine(notification_database_url, by_index=True)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="session")
def key_set_url(signer: Signer) -> Iterator[str]:
    with published(signer) as url:
        yield url


@pytest.fixture
async def client_of(signer: Signer, key_set_url: str) -> AsyncIterator[Callable[[AsyncEngine, Person], Client]]:
    """Gives a function that lets a person speak to an API on a database."""
    async with AsyncExitStack() as open_clients:
        keys_client = await open_clients.enter_async_context(httpx.AsyncClient(trust_env=False))

        def make(database: AsyncEngine, person: Person) -> Client:
            client = client_on(database, key_set_url, signer.token(person.id), keys_client)
            open_clients.push_async_callback(client.http.aclose)
            return client

        yield make


@pytest.fixture
def ann(database: AsyncEngine, client_of: Callable[[AsyncEngine, Person], Client]) -> Client:
    return client_of(database, ANN)


@pytest.fixture
def eve(database: AsyncEngine, client_of: Callable[[AsyncEngine, Person], Client]) -> Client:
    return client_of(database, EVE)


@pytest.fixture
async def cut_off(client_of: Callable[[AsyncEngine, Person], Client]) -> AsyncIterator[Client]:
    """Ann, before an API whose database is not there."""
    nowhere = create_engine("postgresql://nobody@127.0.0.1:1/nothing", application_name="test")
    yield client_of(nowhere, ANN)
    await nowhere.dispose()
