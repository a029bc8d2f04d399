"""The broker's view of a gateway: a consumer that hangs is found out and replaced, and answers come in groups."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from tests.support.deaf_channel import DeafChannel
from tests.support.gateway import Page, Senders, page, running_gateway, until
from tests.support.tokens import Signer

ANN = UUID(int=1)
_CHANNEL_OF_THE_CONSUMER = 1
_MESSAGES = 60


@asynccontextmanager
async def window_of_ann(broker_url: str, jwks_url: str, signer: Signer) -> AsyncIterator[tuple[DeafChannel, Page]]:
    """Open a window at a gateway, and give the gateway's way to the broker with it."""
    async with (
        DeafChannel.to(broker_url) as way,
        running_gateway(way.url, jwks_url) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
        yield way, window


async def test_a_consumer_that_hangs_on_a_good_connection_is_replaced(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    async with window_of_ann(gateway_broker_url, jwks_url, signer) as (way, window):
        await sender.deliver((ANN, 1))
        assert await window.next_seqs(1) == [1]

        way.silenced = _CHANNEL_OF_THE_CONSUMER
        await sender.deliver((ANN, 2))
        await sender.deliver((ANN, 3))

        assert await window.next_seqs(2) == [2, 3]
        assert way.connections == 2


async def test_the_broker_is_answered_for_many_messages_at_once_and_for_the_last_ones_soon(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    async with window_of_ann(gateway_broker_url, jwks_url, signer) as (way, window):
        for seq in range(1, _MESSAGES + 1):
            await sender.deliver((ANN, seq))
            assert await window.next_seqs(1) == [seq]

        async def all_answered() -> bool:
            return bool(way.acknowledged) and way.acknowledged[-1] == _MESSAGES

        await until(all_answered, "an answer for all messages")
        assert len(way.acknowledged) < _MESSAGES / 2
        assert way.connections == 1


async def test_a_stream_at_rest_is_left_alone(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    async with window_of_ann(gateway_broker_url, jwks_url, signer) as (way, window):
        await sender.deliver((ANN, 1))
        assert await window.next_seqs(1) == [1]
        opened = way.opened_channels

        async def looked_twice() -> bool:
            return way.opened_channels >= opened + 2

        await until(looked_twice, "two looks at the end of the stream")

        assert way.connections == 1
