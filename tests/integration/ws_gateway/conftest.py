"""A gateway on the real broker, and what speaks to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.gateway import Gateway, Senders, running_gateway, senders
from tests.support.servers import Broker
from tests.support.tokens import Signer, published


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="session")
def jwks_url(signer: Signer) -> Iterator[str]:
    with published(signer) as url:
        yield url


@pytest.fixture(scope="session")
async def shared_gateway(broker: Broker, jwks_url: str) -> AsyncIterator[Gateway]:
    """One for all tests in which nothing is published."""
    with broker.vhost() as vhost:
        async with running_gateway(vhost.gateway, jwks_url) as running:
            yield running


@pytest.fixture
async def gateway(gateway_broker_url: str, jwks_url: str) -> AsyncIterator[Gateway]:
    async with running_gateway(gateway_broker_url, jwks_url) as running:
        yield running


@pytest.fixture
async def sender(notification_broker_url: str, task_broker_url: str) -> AsyncIterator[Senders]:
    async with senders(notification_broker_url, task_broker_url) as connected:
        yield connected
