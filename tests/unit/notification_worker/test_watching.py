import itertools

import pytest

from contracts.notification_types import Reason
from notification_worker.audience.watching import Watching, in_order, watchers_after
from tests.support.notification_events import TaskStory, person

ANN, JOHN = person("Ann"), person("John")


def test_who_was_never_added_does_not_watch() -> None:
    assert not Watching().now


def test_reasons_add_up_until_the_watching_ends() -> None:
    watching = Watching().watched(Reason.CREATED, 1).watched(Reason.COMMENTED, 2)
    assert (watching.now, watching.reasons) == (True, frozenset({Reason.CREATED, Reason.COMMENTED}))
    stopped = watching.stopped(3)
    assert (stopped.now, stopped.reasons) == (False, frozenset())
    again = stopped.watched(Reason.MANUAL, 4)
    assert (again.now, again.reasons) == (True, frozenset({Reason.MANUAL}))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_whoever_came_last_by_sequence_wins_in_whatever_order_events_come(order: tuple[int, ...]) -> None:
    steps = [
        lambda before: before.watched(Reason.CREATED, 1),
        lambda before: before.stopped(2),
        lambda before: before.watched(Reason.ASSIGNED, 3),
    ]
    watching = Watching()
    for step in order:
        watching = steps[step](watching)
    assert watching.now
    assert Reason.ASSIGNED in watching.reasons


def test_an_older_watching_does_not_undo_a_stop() -> None:
    assert not Watching().stopped(2).watched(Reason.CREATED, 1).now


def test_the_same_event_twice_changes_nothing() -> None:
    watching = Watching().watched(Reason.CREATED, 1)
    assert watching.watched(Reason.CREATED, 1) == watching
    assert watching.stopped(2).stopped(2) == watching.stopped(2)


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        ([], ()),
        (["manual", "assigned"], ("assigned", "manual")),
        (["requested", "commented", "created", "commented"], ("created", "commented", "requested")),
    ],
)
def test_reasons_come_the_strongest_first(given: list[str], ordered: tuple[str, ...]) -> None:
    assert in_order(map(Reason, given)) == ordered


def test_reasons_that_this_release_does_not_know_come_last_and_stay() -> None:
    assert in_order(["zoned", "manual", "mentioned", "assigned", "mentioned"]) == (
        "assigned",
        "manual",
        "mentioned",
        "zoned",
    )


def test_events_add_and_take_away_watchers() -> None:
    story = TaskStory()
    watchers = watchers_after(story.created(ANN), {}, 1)
    watchers = watchers_after(story.assigned(ANN, JOHN), watchers, 2)
    assert {user for user, watching in watchers.items() if watching.now} == {ANN.id, JOHN.id}
    watchers = watchers_after(story.unwatched(ANN), watchers, 3)
    assert {user for user, watching in watchers.items() if watching.now} == {JOHN.id}
