"""A consumer that hangs although its connection is well is found out and replaced."""

from uuid import UUID

from tests.support.deaf_channel import DeafChannel
from tests.support.gateway import Senders, page, running_gateway, until
from tests.support.tokens import Signer

ANN = UUID(int=1)
_CHANNEL_OF_THE_CONSUMER = 1
_MESSAGES = 60


async def test_a_consumer_that_hangs_on_a_good_connection_is_replaced(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    async with (
        DeafChannel.to(gateway_broker_url) as way,
        running_gateway(way.url, jwks_url) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
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
    async with (
        DeafChannel.to(gateway_broker_url) as way,
        running_gateway(way.url, jwks_url) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
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
    async with (
        DeafChannel.to(gateway_broker_url) as way,
        running_gateway(way.url, jwks_url) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
        await sender.deliver((ANN, 1))
        assert await window.next_seqs(1) == [1]
        opened = way.opened_channels

        async def looked_twice() -> bool:
            return way.opened_channels >= opened + 2

        await until(looked_twice, "two looks at the end of the stream")

        assert way.connections == 1
