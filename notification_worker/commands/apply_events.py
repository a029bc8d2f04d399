"""Apply events in their order, as many as possible in one transaction."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.task import TaskDeleted
from contracts.events.user import UserErased, UserExportRequested
from infra.clock import Clock, system_clock
from notification_worker.commands.apply_batch import AudienceTooLargeError, apply_alone, apply_batch
from notification_worker.commands.apply_observer import UNOBSERVED, ApplyObserver
from notification_worker.commands.delete_task import delete_task
from notification_worker.commands.erase_person import erase_person
from notification_worker.commands.export_person import note_export_request


async def apply_events(
    database: AsyncEngine,
    events: Sequence[AnyEvent],
    *,
    clock: Clock = system_clock,
    observer: ApplyObserver = UNOBSERVED,
) -> None:
    """Apply events, each exactly once in effect, however often they come.

    When it raises, a part of them may have been applied; applying all again is safe, and goes on from there.
    """
    batch: list[AnyEvent] = []
    for event in events:
        if isinstance(event, TaskDeleted | UserErased | UserExportRequested):
            await _apply(database, batch, clock, observer)
            batch = []
            if await _apply_by_itself(database, event, clock):
                observer.applied([event])
            else:
                observer.repeated(1)
        else:
            batch.append(event)
    await _apply(database, batch, clock, observer)


async def _apply_by_itself(
    database: AsyncEngine, event: TaskDeleted | UserErased | UserExportRequested, clock: Clock
) -> bool:
    """Apply an event that no batch takes; say whether it was new."""
    match event:
        case TaskDeleted():
            return await delete_task(database, event, clock)
        case UserErased():
            return await erase_person(database, event, clock)
        case UserExportRequested():
            return await note_export_request(database, event, clock)


async def _apply(database: AsyncEngine, events: Sequence[AnyEvent], clock: Clock, observer: ApplyObserver) -> None:
    """Apply events whose audiences together may be too large for one transaction."""
    if not events:
        return
    try:
        await apply_batch(database, events, clock, observer)
    except AudienceTooLargeError:
        if len(events) == 1:
            await apply_alone(database, events[0], clock, observer)
            return
        middle = len(events) // 2
        await _apply(database, events[:middle], clock, observer)
        await _apply(database, events[middle:], clock, observer)
