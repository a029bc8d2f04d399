from datetime import UTC, datetime, time
from uuid import UUID

import pytest

from contracts.events import AnyEvent
from contracts.events.task import TaskStatus
from contracts.notification_types import Frequency, Outcome, Reason
from notification_worker.audience.preferences import Preferences
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


def preferring(**frequencies: str) -> Preferences:
    return Preferences(frequencies={name: Frequency(frequency) for name, frequency in frequencies.items()})


COMMENTED, MOVED, ASSIGNED = STORY.commented(JOHN), STORY.moved(JOHN), STORY.assigned(JOHN, ANN)
ASKED = requested([ANN.id], actor=JOHN)


@pytest.mark.parametrize(
    ("event", "muted", "preferences", "verdict"),
    [
        (COMMENTED, False, None, "instant"),
        (COMMENTED, False, preferring(status_changed="off"), "instant"),
        (COMMENTED, True, None, Outcome.MUTED),
        (MOVED, True, None, Outcome.MUTED),
        (ASSIGNED, True, None, "instant"),
        (ASSIGNED, True, preferring(task_assigned="daily"), Frequency.DAILY),
        (ASSIGNED, True, preferring(task_assigned="off"), Outcome.PREFERENCE),
        (ASSIGNED, False, preferring(task_assigned="off"), Outcome.PREFERENCE),
        (COMMENTED, True, preferring(comment_added="off"), Outcome.MUTED),
        (COMMENTED, True, preferring(comment_added="hourly"), Outcome.MUTED),
        (COMMENTED, False, preferring(comment_added="off"), Outcome.PREFERENCE),
        (COMMENTED, False, preferring(comment_added="hourly"), Frequency.HOURLY),
        (MOVED, False, preferring(status_changed="daily", comment_added="off"), Frequency.DAILY),
        (ASKED, False, preferring(invoice_paid="hourly"), Frequency.HOURLY),
        (ASKED, False, preferring(invoice_paid="off"), Outcome.PREFERENCE),
        (ASKED, False, preferring(backup_failed="off"), "instant"),
    ],
)
def test_mutes_and_preferences_decide_when_and_whether(
    event: AnyEvent, *, muted: bool, preferences: Preferences | None, verdict: str
) -> None:
    around = Surroundings(
        watchers(ann="created", john="assigned"),
        muted={ANN.id} if muted else set(),
        preferences={} if preferences is None else {ANN.id: preferences},
    )
    telling = telling_of(event, around)
    assert telling is not None
    assert telling.people == (ANN.id,)
    verdicts = [
        *("instant" for _ in telling.told),
        *(held.frequency for held in telling.held),
        *(held_back.outcome for held_back in telling.held_back),
    ]
    assert verdicts == [verdict]


def test_own_actions_are_neither_told_nor_held_nor_held_back() -> None:
    around = Surroundings(ALL, muted={JOHN.id}, preferences={JOHN.id: preferring(comment_added="off")})
    telling = telling_of(STORY.commented(JOHN), around)
    assert telling is not None
    assert JOHN.id not in telling.people


def test_what_is_held_waits_for_the_next_digest_of_the_persons_own_clock() -> None:
    berlin = Preferences("Europe/Berlin", time(8, 30), {"comment_added": Frequency.DAILY})
    telling = telling_of(COMMENTED, Surroundings(watchers(ann="created"), preferences={ANN.id: berlin}))
    assert telling is not None
    (held,) = telling.held
    assert held.reasons == (Reason.CREATED,)
    assert held.due_at(datetime(2031, 1, 7, 12, tzinfo=UTC)) == datetime(2031, 1, 8, 7, 30, tzinfo=UTC)


def test_a_telling_can_be_narrowed_to_some_people() -> None:
    around = Surroundings(ALL, muted={EVE.id}, preferences={JOHN.id: preferring(comment_added="hourly")})
    telling = telling_of(STORY.commented(BOB), around)
    assert telling is not None
    assert set(telling.people) == {ANN.id, JOHN.id, EVE.id}
    assert telling.only({EVE.id, JOHN.id}).people == (JOHN.id, EVE.id)
    assert telling.only(set()).people == ()


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
