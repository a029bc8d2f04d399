"""A message that a lane delivered, and whether it is still ours."""

from dataclasses import dataclass

from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelInvalidStateError


@dataclass(slots=True)
class Hold:
    """One time of being attached to a queue; `ended` says that its channel is being closed, or is closed."""

    ended: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    message: AbstractIncomingMessage
    queue: str
    hold: Hold

    @property
    def is_gone(self) -> bool:
        """Whether the message goes back to its queue, unless it was acknowledged before."""
        try:
            return self.hold.ended or self.message.channel.is_closed
        except ChannelInvalidStateError:
            return True

    async def acknowledge(self) -> None:
        """Acknowledge, if the message is still ours; if not, it comes again, and is then known.

        Nothing may be sent on a channel after its close: the broker would close the whole connection (504).
        """
        if self.is_gone:
            return
        try:
            await self.message.ack()
        except (ChannelInvalidStateError, *CONNECTION_EXCEPTIONS):
            return
