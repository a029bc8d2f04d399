"""One message, from its delivery to its acknowledgement."""

from datetime import UTC, datetime
from typing import Protocol

from contracts.events import UnreadableEventError
from contracts.events.refusals import NOT_APPLICABLE, REASONS
from contracts.events.user import SessionEnded
from infra.consuming.dead_letters import Failure
from infra.consuming.received import Received
from infra.database.errors import sql_state
from notification_worker.commands.order import marks_a_place
from notification_worker.consumers.batcher import AbandonedError, Batcher, CulpritError
from notification_worker.consumers.reading import read_event


class TakesDeadLetters(Protocol):
    """Where what nobody can handle goes."""

    async def take(self, received: Received, failure: Failure) -> bool:
        """Take a message, and say whether it is kept now; False is for one that will come again."""


class Intake:
    """The end of a session waits for no other event: it has a batcher of its own, `sessions`.

    What marks a place in a queue waits for both.
    """

    def __init__(self, batcher: Batcher, dead_letters: TakesDeadLetters, *, sessions: Batcher) -> None:
        self._batcher = batcher
        self._sessions = sessions
        self._dead_letters = dead_letters

    async def take(self, received: Received) -> None:
        """Apply a message's event, or dead-letter it, and acknowledge it after that.

        Nothing is awaited before the event is with the batcher: that keeps the order of the deliveries.
        """
        try:
            event = read_event(received.message)
            if marks_a_place(event):
                # It is noted as applied by the other batcher, and that must not be before the sessions in front of it.
                await self._sessions.applied(event, abandoned=lambda: received.is_gone)
            batcher = self._sessions if isinstance(event, SessionEnded) else self._batcher
            await batcher.applied(event, abandoned=lambda: received.is_gone)
        except AbandonedError:
            return
        except UnreadableEventError as error:
            failure = Failure(REASONS[type(error)], str(error), 1, datetime.now(UTC))
        except CulpritError as culprit:
            failure = _failure_of(culprit)
        else:
            await received.acknowledge()
            return
        if await self._dead_letters.take(received, failure):
            await received.acknowledge()


def _failure_of(culprit: CulpritError) -> Failure:
    """Name what went wrong by its kind: the text of an error may repeat what stood in the event."""
    cause = culprit.__cause__
    if isinstance(cause, UnreadableEventError):
        return Failure(REASONS[type(cause)], str(cause), culprit.attempts, culprit.first_failed_at)
    state = None if cause is None else sql_state(cause)
    error = type(cause).__name__ + (f" (SQLSTATE {state})" if state else "")
    return Failure(NOT_APPLICABLE, error, culprit.attempts, culprit.first_failed_at)
