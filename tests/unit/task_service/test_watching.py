import itertools
from uuid import UUID, uuid4

import pytest

from contracts.events.task import WatchReason
from task_service.commands.watching import add_reason, let_watch, strongest
from task_service.models import Task, User, Watcher

A, C, M, N = WatchReason.ASSIGNED, WatchReason.COMMENTED, WatchReason.MANUAL, WatchReason.CREATED


@pytest.mark.parametrize(
    ("reasons", "stopped", "reason", "told", "after", "stopped_after"),
    [
        ([N], False, C, (C,), [N, C], False),
        ([C], False, A, (A,), [A, C], False),
        ([N], False, N, (), [N], False),
        ([N], True, C, (), [N], True),
        ([C], True, C, (), [C], True),
        ([N], True, A, (A, N), [A, N], False),
        ([A], True, A, (A,), [A], False),
        ([N, C], True, M, (N, C, M), [N, C, M], False),
    ],
)
def test_a_reason_is_added_told_and_brings_back_as_the_rule_says(  # noqa: PLR0917 (the columns of the table above)
    reasons: list[WatchReason],
    stopped: bool,  # noqa: FBT001 (a column of the table above)
    reason: WatchReason,
    told: tuple[WatchReason, ...],
    after: list[WatchReason],
    stopped_after: bool,  # noqa: FBT001 (see above)
) -> None:
    watcher = Watcher(reasons=list(reasons), stopped=stopped)

    assert add_reason(watcher, reason) == told
    assert (watcher.reasons, watcher.stopped) == (after, stopped_after)


def test_whoever_hears_only_the_events_knows_the_same_reasons() -> None:
    """A consumer adds what it is told and forgets a person who stops; however it goes, it agrees with our row."""
    for steps in itertools.product([A, C, M, N, "stop"], repeat=5):
        watcher = Watcher(reasons=[N], stopped=False)
        heard = {N}
        for step in steps:
            if isinstance(step, WatchReason):
                heard |= set(add_reason(watcher, step))
            else:
                watcher.stopped = True
                heard = set()
            assert heard == (set() if watcher.stopped else set(watcher.reasons)), steps


def test_a_creator_who_is_assigned_is_one_watcher_with_two_reasons() -> None:
    task, user = Task(id=uuid4()), User(id=uuid4(), name="Ann")
    watchers: dict[UUID, Watcher] = {}

    created = let_watch(watchers, task, user, N)
    assigned = let_watch(watchers, task, user, A)

    assert [(each.person.name, each.reason) for each in (*created, *assigned)] == [("Ann", N), ("Ann", A)]
    assert [watcher.reasons for watcher in watchers.values()] == [[A, N]]


def test_the_strongest_reason_is_shown() -> None:
    assert strongest(["manual", "commented", "created"]) is N
