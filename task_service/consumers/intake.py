"""One message, from its delivery to its acknowledgement."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.events import UnreadableEventError
from contracts.events.refusals import NOT_APPLICABLE, REASONS
from contracts.events.user import UserExported, UserExportRequested
from infra.backoff import full_jitter
from infra.consuming.dead_letters import DeadLetters, Failure
from infra.consuming.received import Received
from infra.database.errors import blames_the_values, sql_state
from infra.telemetry.logging import get_logger
from task_service.commands.complete_erasure import note_answer
from task_service.commands.gather_export import gather_own_parts, keep_part
from task_service.commands.pass_mark import pass_mark
from task_service.commands.unit_of_work import UnitOfWork
from task_service.consumers.reading import MARK, Taken, read_event

_PAUSE_SECONDS = 0.1
_PAUSE_CAP_SECONDS = 5.0

APPLIED, REPEATED, DEAD_LETTERED = "applied", "duplicate", "dead_lettered"

log = get_logger("user_events")

Counted = Callable[[str], None]
"""Told what became of each message."""


@dataclass(frozen=True, slots=True)
class _Mark:
    id: str
    type: str = MARK


class Intake:
    def __init__(self, unit_of_work: UnitOfWork, dead_letters: DeadLetters, counted: Counted) -> None:
        self._unit_of_work = unit_of_work
        self._dead_letters = dead_letters
        self._counted = counted
        # In their order: a later answer of a service replaces an earlier one.
        self._one_by_one = asyncio.Lock()

    async def take(self, received: Received) -> None:
        """Apply a message's event, or dead-letter it, and acknowledge it after that."""
        async with self._one_by_one:
            outcome = await self._handle(received)
            if outcome is None:
                return
        self._counted(outcome)
        received.acknowledge()

    async def _handle(self, received: Received) -> str | None:
        """Say what became of it; None is for a message that will come again."""
        began_at, message = datetime.now(UTC), received.message
        try:
            event = _Mark(message.message_id or "") if message.type == MARK else read_event(message)
        except UnreadableEventError as error:
            return await self._give_up(received, Failure(REASONS[type(error)], str(error), 1, began_at))
        pauses = full_jitter(_PAUSE_SECONDS, _PAUSE_CAP_SECONDS)
        while not received.is_gone:
            try:
                changed = await self._apply(event)
            except Exception as error:  # noqa: BLE001 (every error is judged here, and none is lost)
                kind, state = type(error).__name__, sql_state(error)
                if blames_the_values(error):
                    told = kind + (f" (SQLSTATE {state})" if state else "")
                    return await self._give_up(received, Failure(NOT_APPLICABLE, told, 1, began_at))
                log.warning("user_event_waits", type=event.type, error=kind, state=state)
                await asyncio.sleep(next(pauses))
            else:
                log.info("user_event", type=event.type, changed=changed)
                return APPLIED if changed else REPEATED
        return None

    async def _apply(self, event: Taken | _Mark) -> bool:
        if isinstance(event, _Mark):
            return await pass_mark(self._unit_of_work, event.id)
        if isinstance(event, UserExportRequested):
            return await gather_own_parts(self._unit_of_work, event.data)
        if isinstance(event, UserExported):
            return await keep_part(self._unit_of_work, event.data)
        return await note_answer(self._unit_of_work, event.data)

    async def _give_up(self, received: Received, failure: Failure) -> str | None:
        return DEAD_LETTERED if await self._dead_letters.take(received, failure) else None
