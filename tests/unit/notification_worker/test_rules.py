from uuid import UUID

import pytest

from contracts.events import AnyEvent
from contracts.events.task import TaskStatus
from contracts.notification_types import Reason
from notification_worker.audience.rules import Surroundings, telling_of
from notification_worker.audience.watching import Watching
from tests.support.notification_events import TaskStory, erased, person, registered, requested

ANN, JOHN, EVE, BOB = person("Ann"), person("John"), person("Eve"), person("Bob")
NAMES = {one.id: one.name for one in (ANN, JOHN, EVE, BOB)}
STORY = TaskStory()


def watchers(**reasons: str) -> dict[UUID, Watching]:
    people = {one.name.lower(): one.id for one in (ANN, JOHN, EVE, BOB)}
    return {
        people[name]: Watching(frozenset(map(Reason, given.split())), watched_sequence=1)
        for name, given in reasons.items()
    }


ALL = watchers(ann="created", john="assigned", eve="commented manual")


@pytest.mark.parametrize(
    ("event", "notification_type", "told"),
    [
        (STORY.assigned(JOHN, ANN), "task_assigned", {"Ann": ["assigned"]}),
        (
            STORY.moved(JOHN, TaskStatus.DONE),
            "status_changed",
            {"Ann": ["created"], "Eve": ["commented", "manual"]},
        ),
        (STORY.commented(EVE), "comment_added", {"Ann": ["created"], "John": ["assigned"]}),
        (
            STORY.moved(BOB),
            "status_changed",
            {"Ann": ["created"], "Eve": ["commented", "manual"], "John": ["assigned"]},
        ),
        (
            requested([EVE.id, BOB.id, EVE.id]),
            "invoice_paid",
            {"Bob": ["requested"], "Eve": ["requested"]},
        ),
        (requested([EVE.id, BOB.id], actor=BOB), "invoice_paid", {"Eve": ["requested"]}),
    ],
)
def test_an_event_tells_those_whom_it_concerns(
    event: AnyEvent, notification_type: str, told: dict[str, list[str]]
) -> None:
    telling = telling_of(event, Surroundings(ALL))
    assert telling is not None
    assert telling.parts.type == notification_type
    assert (telling.event_source, telling.event_id) == (event.source, event.id)
    assert {NAMES[one.user_id]: list(one.reasons) for one in telling.told} == told
    assert [one.user_id for one in telling.told] == sorted(one.user_id for one in telling.told)


@pytest.mark.parametrize(
    "event",
    [
        STORY.created(ANN),
        STORY.assigned(ANN, ANN),
        STORY.watched(BOB),
        STORY.unwatched(EVE),
        STORY.deleted(ANN),
        requested([BOB.id], actor=BOB),
        registered(ANN),
        erased(ANN),
    ],
)
def test_an_event_that_concerns_nobody_else_tells_nobody(event: AnyEvent) -> None:
    telling = telling_of(event, Surroundings(ALL))
    assert telling is None or telling.people == ()


def test_who_stopped_watching_is_not_told() -> None:
    stopped = {ANN.id: ALL[ANN.id].stopped(9), EVE.id: ALL[EVE.id]}
    telling = telling_of(STORY.moved(JOHN), Surroundings(stopped))
    assert telling is not None
    assert [one.user_id for one in telling.told] == [EVE.id]


def test_nobody_erased_is_told_or_named() -> None:
    around = Surroundings(ALL, erased={JOHN.id, EVE.id})
    telling = telling_of(STORY.moved(JOHN), around)
    assert telling is not None
    assert [one.user_id for one in telling.told] == [ANN.id]
    assert (telling.parts.actor_id, telling.parts.actor_name) == (None, None)
    telling = telling_of(requested([ANN.id, EVE.id], message="John paid", actor=JOHN), around)
    assert telling is not None
    assert [one.user_id for one in telling.told] == [ANN.id]
    assert (telling.parts.actor_id, telling.parts.message) == (None, "a former member paid")


def test_what_happened_to_a_deleted_task_is_told_as_such() -> None:
    telling = telling_of(STORY.assigned(JOHN, ANN), Surroundings({}, task_deleted=True))
    assert telling is not None
    assert telling.parts.task_deleted
