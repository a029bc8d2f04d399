"""Who watches a task: the rule, and the row that keeps it.

The creator, whoever is or was assigned, and whoever comments become watchers by themselves; anyone can watch or stop.
Who stopped stays out until assigned again or watching again. Reasons add up; stopping keeps them for the return.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events.task import WatcherAdded, WatchReason
from task_service.commands.task_events import person
from task_service.models import Task, User, Watcher

_BRINGS_BACK = {WatchReason.ASSIGNED, WatchReason.MANUAL}


def add_reason(watcher: Watcher, reason: WatchReason) -> tuple[WatchReason, ...]:
    """Let somebody watch for a reason; give the reasons that others have to be told.

    Whoever comes back comes back with all their reasons, since others may have forgotten them.
    """
    if watcher.stopped and reason not in _BRINGS_BACK:
        return ()
    if not watcher.stopped and reason in watcher.reasons:
        return ()
    came_back = watcher.stopped
    watcher.stopped = False
    watcher.reasons = [each for each in WatchReason if each == reason or each in watcher.reasons]
    return tuple(map(WatchReason, watcher.reasons)) if came_back else (reason,)


def strongest(reasons: list[str]) -> WatchReason:
    """Give the reason that is shown where there is room for one."""
    return next(each for each in WatchReason if each in reasons)


async def watch(session: AsyncSession, task: Task, user: User, reason: WatchReason) -> tuple[WatcherAdded, ...]:
    """Apply the rule to a task whose row is locked; give what its event has to say about watchers."""
    watcher = await session.get(Watcher, (task.id, user.id))
    if watcher is None:
        session.add(Watcher(task_id=task.id, user_id=user.id, reasons=[reason], stopped=False))
        added: tuple[WatchReason, ...] = (reason,)
    else:
        added = add_reason(watcher, reason)
    return tuple(WatcherAdded(person=person(user), reason=each) for each in added)
