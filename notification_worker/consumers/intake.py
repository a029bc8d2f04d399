"""One message, from its delivery to its acknowledgement."""

import asyncio
from datetime import UTC, datetime
from functools import partial
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
        self._giving_up: set[asyncio.Task[None]] = set()

    async def take(self, received: Received) -> None:
        """See to it that a message's event is applied, or dead-lettered, and that it is acknowledged after that.

        Nothing is awaited before the event is with the batcher: that keeps the order of the deliveries. Nor is anything
        after that: hundreds wait for a batch, and each handler that waits with them costs more than the waiting.
        """
        try:
            event = read_event(received)
        except UnreadableEventError as error:
            await self._give_up(received, Failure(REASONS[type(error)], str(error), 1, datetime.now(UTC)))
            return
        if marks_a_place(event):
            # It is noted as applied by the other batcher, and that must not be before the sessions in front of it.
            try:
                await self._sessions.applied(event, abandoned=lambda: received.is_gone)
            except AbandonedError:
                return
            except CulpritError as culprit:
                await self._give_up(received, _failure_of(culprit))
                return
        batcher = self._sessions if isinstance(event, SessionEnded) else self._batcher
        batcher.applied(event, abandoned=lambda: received.is_gone).add_done_callback(partial(self._settle, received))

    def _settle(self, received: Received, applied: asyncio.Future[None]) -> None:
        error = applied.exception()
        if error is None:
            received.acknowledge()
        elif isinstance(error, CulpritError):
            giving_up = asyncio.get_running_loop().create_task(
                received.see_to(self._give_up(received, _failure_of(error)))
            )
            self._giving_up.add(giving_up)
            giving_up.add_done_callback(self._giving_up.discard)

    async def _give_up(self, received: Received, failure: Failure) -> None:
        if await self._dead_letters.take(received, failure):
            received.acknowledge()


def _failure_of(culprit: CulpritError) -> Failure:
    """Name what went wrong by its kind: the text of an error may repeat what stood in the event."""
    cause = culprit.__cause__
    if isinstance(cause, UnreadableEventError):
        return Failure(REASONS[type(cause)], str(cause), culprit.attempts, culprit.first_failed_at)
    state = None if cause is None else sql_state(cause)
    error = type(cause).__name__ + (f" (SQLSTATE {state})" if state else "")
    return Failure(NOT_APPLICABLE, error, culprit.attempts, culprit.first_failed_at)
