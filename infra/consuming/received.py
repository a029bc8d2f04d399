"""A message that a lane delivered, and whether it is still ours."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

import aiormq.abc
from aio_pika import IncomingMessage
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelInvalidStateError
from aiormq.abc import DeliveredMessage

from infra.broker import BrokerAwayError
from infra.broker.connection import endings_told
from infra.telemetry.logging import get_logger

log = get_logger("consuming")


@dataclass(slots=True)
class Hold:
    """One time of being attached to a queue, with a channel of its own, whose deliveries are numbered without a gap.

    `ended` says that the channel is being closed, or is closed. `missed` says that a delivery never came to us, came
    over another channel, or was dropped by an error that nobody expected: then the lane has to be attached anew, so
    that what is open comes again.

    Messages are acknowledged in groups: with the highest number below which nothing is open the broker takes all before
    it as acknowledged too. What is settled above a message that is still open is acknowledged by itself, so that one
    message that waits (its event has a large audience, or the dead letters refuse it) holds up no other.
    """

    ended: bool = False
    missed: bool = False
    _channel: aiormq.abc.AbstractChannel | None = None
    _seen: int = 0
    _open: dict[int, None] = field(default_factory=dict)
    """The numbers that are not settled, lowest first."""

    _settled: list[int] = field(default_factory=list)
    """The numbers that are settled, and not acknowledged yet."""

    _acknowledging: asyncio.Task[None] | None = None
    """What is at it: one task at a time, for whatever else is settled meanwhile too."""

    @property
    def is_gone(self) -> bool:
        """Whether all that is not acknowledged goes back to the queue."""
        return self.ended or (self._channel is not None and self._channel.is_closed)

    def take(self, delivered: DeliveredMessage) -> bool:
        """Note a delivery as open; say whether it is ours, and not of a channel that is closed."""
        channel = delivered.channel
        if channel.is_closed:
            return False
        if self._channel is None:
            self._channel = channel
        tag = delivered.delivery_tag
        if channel is not self._channel or tag is None:
            # The library has opened another channel by itself, where the numbers begin anew.
            self.missed = True
            return False
        self.missed = self.missed or tag != self._seen + 1
        # What was missed stays open for ever: so nothing that comes later acknowledges it.
        for number in range(self._seen + 1, tag + 1):
            self._open[number] = None
        self._seen = tag
        return True

    def settle(self, tag: int) -> None:
        """Let a message be acknowledged, together with whatever else is settled in this turn of the loop."""
        del self._open[tag]
        self._settled.append(tag)
        if self._acknowledging is None:
            self._acknowledging = asyncio.get_running_loop().create_task(self._acknowledge())

    async def _acknowledge(self) -> None:
        """Acknowledge whatever is settled, if it is still ours.

        Nothing may be sent on a channel after its close: the broker would close the whole connection (504). What is not
        acknowledged comes again, and is then known.
        """
        try:
            with endings_told():
                await self._acknowledge_settled()
        except (BrokerAwayError, ChannelInvalidStateError, *CONNECTION_EXCEPTIONS):
            return
        except Exception:
            log.exception("acknowledging_died")
            self.missed = True
        finally:
            self._acknowledging = None

    async def _acknowledge_settled(self) -> None:
        """Acknowledge until nothing is left. What is open is looked at before each frame: sending one may take a while.

        A number that was acknowledged already, alone or with others, would make the broker close the channel (406).
        """
        while self._settled and self._channel is not None and not self.is_gone:
            oldest = next(iter(self._open), self._seen + 1)
            together = max((one for one in self._settled if one < oldest), default=None)
            if together is None:
                await self._channel.basic_ack(self._settled.pop(0), multiple=False)
            else:
                self._settled = [one for one in self._settled if one > oldest]
                await self._channel.basic_ack(together, multiple=True)


@dataclass(frozen=True, slots=True)
class Received:
    delivered: DeliveredMessage
    queue: str
    hold: Hold

    @property
    def body(self) -> bytes:
        return self.delivered.body

    @property
    def user_id(self) -> str | None:
        """The broker user who sent it, if the message says so: the broker refuses any other."""
        return self.delivered.header.properties.user_id

    @property
    def routing_key(self) -> str | None:
        return self.delivered.routing_key

    @property
    def message(self) -> AbstractIncomingMessage:
        """The message with all its properties. It is made anew each time: few messages are looked at so closely."""
        return IncomingMessage(self.delivered)

    @property
    def is_gone(self) -> bool:
        """Whether the message goes back to its queue, unless it was acknowledged before."""
        return self.hold.is_gone

    async def see_to(self, handling: Awaitable[None]) -> None:
        """Wait for what handles the message; if that dies of an error that nobody expected, the message comes again."""
        try:
            await handling
        except Exception:
            log.exception("handling_died", queue=self.queue)
            self.hold.missed = True

    def acknowledge(self) -> None:
        """Acknowledge soon, if the message is still ours then; if not, it comes again, and is then known."""
        if self.delivered.delivery_tag is not None:
            self.hold.settle(self.delivered.delivery_tag)
