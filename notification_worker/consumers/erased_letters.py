"""No letter brings back who is erased: one that names them comes late, or was replayed, and nobody may keep it."""

import asyncio
from collections.abc import Awaitable, Callable

from infra.backoff import full_jitter
from infra.consuming.dead_letters import Failure
from infra.consuming.received import Received
from infra.database.errors import is_database_away
from infra.telemetry.logging import get_logger
from notification_worker.commands.erased_people import is_of_an_erasure
from notification_worker.consumers.intake import TakesDeadLetters

_PAUSE_SECONDS = 0.1
_PAUSE_CAP_SECONDS = 5.0

log = get_logger("dead_letters")


class LettersWithoutErased:
    """The dead letters, but for those that name somebody erased, which are dropped.

    What an erasure itself sends is kept: it names nobody but by id, and one that failed goes on when it is replayed.
    `names_somebody_erased` is asked with all that a message holds.
    """

    def __init__(
        self, dead_letters: TakesDeadLetters, names_somebody_erased: Callable[[bytes], Awaitable[bool]]
    ) -> None:
        self._dead_letters = dead_letters
        self._names_somebody_erased = names_somebody_erased

    async def take(self, received: Received, failure: Failure) -> bool:
        """Do as `TakesDeadLetters.take` does; while the database is away, the message keeps its place in its queue."""
        if is_of_an_erasure(received.body):
            return await self._dead_letters.take(received, failure)
        pauses = full_jitter(_PAUSE_SECONDS, _PAUSE_CAP_SECONDS)
        words = received.body + repr(received.message.headers).encode()
        while not received.is_gone:
            try:
                erased = await self._names_somebody_erased(words)
            except Exception as error:
                if not is_database_away(error):
                    raise
                log.warning("dead_letter_waits", queue=received.queue, reason=failure.reason, error=repr(error))
                await asyncio.sleep(next(pauses))
                continue
            if erased:
                log.warning("dead_letter_dropped", queue=received.queue, reason=failure.reason)
                return True
            return await self._dead_letters.take(received, failure)
        return False
