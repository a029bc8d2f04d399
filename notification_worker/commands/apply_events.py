"""Apply events in their order, as many as possible in one transaction."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.task import TaskDeleted
from contracts.events.user import UserErased, UserExportRequested
from infra.clock import Clock, system_clock
from notification_worker.commands.apply_batch import AudienceTooLargeError, apply_batch
from notification_worker.commands.apply_large import apply_large
from notification_worker.commands.apply_observer import UNOBSERVED, ApplyObserver
from notification_worker.commands.delete_task import delete_task
from notification_worker.commands.erase_person import erase_person
from notification_worker.commands.export_person import note_export_request
from notification_worker.commands.order import is_behind, order_key


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
    while events:
        left = await apply_short_events(database, events, clock=clock, observer=observer)
        if left:
            await _apply_long(database, left[0], clock, observer)
        events = left[1:]


async def apply_short_events(
    database: AsyncEngine,
    events: Sequence[AnyEvent],
    *,
    clock: Clock = system_clock,
    observer: ApplyObserver = UNOBSERVED,
) -> Sequence[AnyEvent]:
    """Apply those events that are done in one short transaction; give the others, in their order.

    What is left takes many steps, or is of a task or a person of whom something else was left. The first is of the
    former kind.
    """
    short: list[AnyEvent] = []
    left: list[AnyEvent] = []
    keys: set[str] = set()
    for event in events:
        if isinstance(event, TaskDeleted | UserErased | UserExportRequested) or is_behind(event, keys):
            left.append(event)
            keys.add(order_key(event))
        else:
            short.append(event)
    left += await _apply_short(database, short, clock, observer)
    of_left = {id(event) for event in left}
    return [event for event in events if id(event) in of_left]


async def _apply_short(
    database: AsyncEngine, events: Sequence[AnyEvent], clock: Clock, observer: ApplyObserver
) -> Sequence[AnyEvent]:
    """Apply events whose audiences together may be too large for one transaction."""
    if not events:
        return ()
    try:
        return await apply_batch(database, events, clock, observer)
    except AudienceTooLargeError:
        middle = len(events) // 2
        left = await _apply_short(database, events[:middle], clock, observer)
        keys = {order_key(event) for event in left}
        behind = [event for event in events[middle:] if is_behind(event, keys)]
        others = [event for event in events[middle:] if not is_behind(event, keys)]
        return [*left, *behind, *await _apply_short(database, others, clock, observer)]


async def _apply_long(database: AsyncEngine, event: AnyEvent, clock: Clock, observer: ApplyObserver) -> None:
    """Apply one event in as many steps as it takes."""
    match event:
        case TaskDeleted():
            new = await delete_task(database, event, clock)
        case UserErased():
            new = await erase_person(database, event, clock)
        case UserExportRequested():
            new = await note_export_request(database, event, clock)
        case _:
            await apply_large(database, event, clock, observer)
            return
    if new:
        observer.applied([event])
    else:
        observer.repeated(1)
