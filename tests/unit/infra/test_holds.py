"""What is acknowledged when messages of a lane are settled."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from aio_pika.exceptions import ChannelInvalidStateError

from infra.consuming.received import Hold, Received


class Channel:
    """Does what the broker would do: it refuses a number that it does not know, or no more.

    `open` is what it has delivered and was not acknowledged. A frame is taken when `room` is set, as with a socket that
    is full for a moment; the broker has it already.
    """

    def __init__(self) -> None:
        self.is_closed = False
        self.open: list[int] = []
        self.sent = 0
        self.room = asyncio.Event()
        self.room.set()

    async def basic_ack(self, delivery_tag: int, *, multiple: bool) -> None:
        if self.is_closed:
            raise ChannelInvalidStateError
        assert delivery_tag in self.open, f"406: unknown delivery tag {delivery_tag}"
        self.sent += 1
        self.open = [tag for tag in self.open if (tag > delivery_tag if multiple else tag != delivery_tag)]
        await asyncio.sleep(0)
        await self.room.wait()


class Message:
    def __init__(self, channel: Channel, tag: int) -> None:
        self.channel = channel
        self.delivery_tag = tag
        channel.open.append(tag)


def take(hold: Hold, channel: Channel, tags: Sequence[int]) -> dict[int, Received]:
    messages = {tag: cast("Any", Message(channel, tag)) for tag in tags}
    assert all(hold.take(message) for message in messages.values())
    return {tag: Received(message, "a queue", hold) for tag, message in messages.items()}


async def settle(received: dict[int, Received], *tags: int) -> None:
    for tag in tags:
        received[tag].acknowledge()
    await turns()


async def test_what_is_settled_together_is_acknowledged_with_one_frame() -> None:
    hold, channel = Hold(), Channel()
    received = take(hold, channel, range(1, 101))

    await settle(received, *range(1, 91))

    assert (channel.open, channel.sent) == (list(range(91, 101)), 1)


@pytest.mark.parametrize("settled", [(2, 3, 4), (4, 3), (2, 5), (1, 2, 4), (1, 5), (5, 1)])
async def test_a_message_that_is_not_settled_is_never_acknowledged_with_others(settled: tuple[int, ...]) -> None:
    hold, channel = Hold(), Channel()
    received = take(hold, channel, range(1, 6))

    await settle(received, *settled)

    assert channel.open == [tag for tag in range(1, 6) if tag not in settled]


@pytest.mark.parametrize("first", [(1, 3, 5), (3, 5), (1, 2), (5, 3, 1)])
async def test_no_number_is_acknowledged_twice_when_more_is_settled_while_a_frame_waits(first: tuple[int, ...]) -> None:
    hold, channel = Hold(), Channel()
    received = take(hold, channel, range(1, 8))
    rest = [tag for tag in (2, 4, 1, 6, 3, 5) if tag not in first]
    channel.room.clear()

    await settle(received, *first)
    for tag in rest:
        await settle(received, tag)
    channel.room.set()
    await turns()

    assert channel.open == [7]


async def turns() -> None:
    """Let everything happen that waits for nothing else."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_what_waited_is_acknowledged_when_it_is_settled_and_frees_the_way_for_groups() -> None:
    hold, channel = Hold(), Channel()
    received = take(hold, channel, range(1, 6))
    await settle(received, 2, 3)
    await settle(received, 1)
    before = channel.sent

    await settle(received, 4, 5)

    assert (channel.open, channel.sent - before) == ([], 1)


async def test_a_delivery_that_never_came_to_us_is_acknowledged_with_no_other_and_noticed() -> None:
    hold, channel = Hold(), Channel()
    received = take(hold, channel, [1, 2])
    channel.open.append(3)
    received |= take(hold, channel, [4, 5])

    await settle(received, 1, 2, 4, 5)

    assert (channel.open, hold.missed) == ([3], True)


async def test_nothing_is_sent_on_a_channel_that_is_closing_or_closed() -> None:
    hold, channel = Hold(), Channel()
    received = take(hold, channel, [1, 2, 3])
    hold.ended = True
    await settle(received, 1)
    hold.ended, channel.is_closed = False, True
    await settle(received, 2, 3)

    assert channel.sent == 0
    assert all(one.is_gone for one in received.values())


async def test_a_message_of_a_channel_that_was_closed_is_not_taken_for_one_of_the_next() -> None:
    hold, old, new = Hold(), Channel(), Channel()
    late = cast("Any", Message(old, 1))
    old.is_closed = True
    stray = cast("Any", Message(Channel(), 2))

    take(hold, new, [1])

    assert (hold.take(late), hold.missed) == (False, False)
    assert (hold.take(stray), hold.missed) == (False, True)


async def test_a_lane_is_attached_anew_when_acknowledging_dies_of_an_error_that_nobody_expected() -> None:
    class Dying(Channel):
        async def basic_ack(self, delivery_tag: int, *, multiple: bool) -> None:
            raise LookupError(delivery_tag, multiple)

    hold = Hold()
    received = take(hold, Dying(), [1])

    await settle(received, 1)

    assert hold.missed
