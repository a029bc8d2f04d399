"""How messages are handed to the client library."""

import asyncio
from typing import Any, cast

from aiormq.abc import ChannelFrame

from infra.broker.confirms import WRITE_BYTES, ConfirmedSending

MESSAGE = bytes(300_000)


class Channel:
    """What `ConfirmedSending` uses of the library's channel."""

    is_closed = False

    def __init__(self) -> None:
        self.delivery_tag = 0
        self.confirmations: dict[int, asyncio.Future[object]] = {}
        self.message_id_delivery_tag: dict[str, int] = {}
        self.write_queue: asyncio.Queue[ChannelFrame] = asyncio.Queue(1)
        self.closing: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def take_a_write(self) -> int:
        """Take what was handed over, as the kernel would; give how many bytes it was."""
        frame = await self.write_queue.get()
        assert frame.drain_future is not None
        frame.drain_future.set_result(None)
        return len(frame.payload)


async def test_a_write_is_bounded_and_the_next_follows_when_it_was_taken() -> None:
    channel = Channel()
    sending = ConfirmedSending(cast("Any", channel))

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(sending.send(MESSAGE, str(number), 60))
        writes = [await channel.take_a_write()]
        while sum(writes) < 10 * len(MESSAGE):
            writes.append(await channel.take_a_write())
        for confirm in channel.confirmations.values():
            confirm.set_result(None)

    assert writes == [4 * len(MESSAGE), 4 * len(MESSAGE), 2 * len(MESSAGE)]
    assert max(writes) < WRITE_BYTES + len(MESSAGE)


async def test_a_message_larger_than_a_write_goes_alone() -> None:
    channel = Channel()
    sending = ConfirmedSending(cast("Any", channel))

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for number in range(2):
            group.create_task(sending.send(bytes(2 * WRITE_BYTES), str(number), 60))
        assert [await channel.take_a_write() for _ in range(2)] == [2 * WRITE_BYTES] * 2
        for confirm in channel.confirmations.values():
            confirm.set_result(None)
