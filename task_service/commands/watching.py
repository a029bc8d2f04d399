"""Who watches a task: the rule, and the row that keeps it.

The creator, whoever is or was assigned, and whoever comments become watchers by themselves; anyone can watch or stop.
Who stopped stays out until assigned again or watching again. Reasons add up; stopping keeps them for the return.
"""

from uuid import UUID

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


def let_watch(watchers: dict[UUID, Watcher], task: Task, user: User, reason: WatchReason) -> tuple[WatcherAdded, ...]:
    """Apply the rule to the watchers of a task by their id; give what its event has to say about them."""
    if user.id in watchers:
        added = add_reason(watchers[user.id], reason)
    else:
        watchers[user.id] = Watcher(task_id=task.id, user_id=user.id, reasons=[reason], stopped=False)
        added = (reason,)
    return tuple(WatcherAdded(person=person(user), reason=each) for each in added)


async def watch(session: AsyncSession, task: Task, user: User, reason: WatchReason) -> tuple[WatcherAdded, ...]:
    """Apply the rule to the row of one person, while the task's row is locked."""
    stored = await session.get(Watcher, (task.id, user.id))
    watchers = {} if stored is None else {user.id: stored}
    added = let_watch(watchers, task, user, reason)
    session.add(watchers[user.id])
    return added
