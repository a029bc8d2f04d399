"""One message, from its delivery to its acknowledgement."""

from datetime import UTC, datetime

from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelInvalidStateError

from contracts.events import UnreadableEventError
from infra.database.errors import sql_state
from notification_worker.consumers.batcher import AbandonedError, Batcher, CulpritError
from notification_worker.consumers.dead_letters import DeadLetters, Failure, is_gone
from notification_worker.consumers.reading import REASONS, read_event

NOT_APPLICABLE = "not_applicable"
"""The reason of an event that was read, and then could not be applied."""


class Intake:
    def __init__(self, batcher: Batcher, dead_letters: DeadLetters) -> None:
        self._batcher = batcher
        self._dead_letters = dead_letters

    async def take(self, message: AbstractIncomingMessage, queue: str) -> None:
        """Apply a message's event, or dead-letter it, and acknowledge it after that.

        Nothing is awaited before the event is with the batcher: that keeps the order of the deliveries.
        """
        try:
            event = read_event(message)
            await self._batcher.applied(event, abandoned=lambda: is_gone(message))
        except AbandonedError:
            return
        except UnreadableEventError as error:
            failure = Failure(REASONS[type(error)], str(error), 1, datetime.now(UTC))
        except CulpritError as culprit:
            failure = _failure_of(culprit)
        else:
            await _acknowledge(message)
            return
        if await self._dead_letters.take(message, queue, failure):
            await _acknowledge(message)


def _failure_of(culprit: CulpritError) -> Failure:
    """Name what went wrong by its kind: the text of an error may repeat what stood in the event."""
    cause = culprit.__cause__
    if isinstance(cause, UnreadableEventError):
        return Failure(REASONS[type(cause)], str(cause), culprit.attempts, culprit.first_failed_at)
    state = None if cause is None else sql_state(cause)
    error = type(cause).__name__ + (f" (SQLSTATE {state})" if state else "")
    return Failure(NOT_APPLICABLE, error, culprit.attempts, culprit.first_failed_at)


async def _acknowledge(message: AbstractIncomingMessage) -> None:
    """Acknowledge; if the channel is gone, the message comes again, and is then known."""
    try:
        await message.ack()
    except (ChannelInvalidStateError, *CONNECTION_EXCEPTIONS):
        return
