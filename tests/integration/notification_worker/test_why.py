from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from contracts.events import type_of
from contracts.events.task import TaskAssigned, TaskStatus
from contracts.model import rfc3339
from contracts.notification_types import Outcome
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.why import RECENT_EVENTS
from notification_worker.models import watchers
from tests.integration.notification_worker.api_client import ANN, EVE, JOHN, Client, problem_of
from tests.integration.notification_worker.inbox_rows import (
    NOW,
    STATUS_CHANGED,
    add_member,
    add_row,
    add_task_event,
    days_ago,
    hold_back,
)
from tests.support.notification_events import SOURCE, TaskStory, registered, requested

ASSIGNED = type_of(TaskAssigned)


async def test_why_names_the_event_and_all_reasons(database: AsyncEngine, ann: Client) -> None:
    await apply_events(database, [(story := TaskStory()).created(ANN), assigned := story.assigned(JOHN, ANN)])
    await apply_events(database, [moved := story.moved(JOHN)])
    answers = [(await ann.get(f"/{one['id']}/why")).json() for one in (await ann.get()).json()]
    assert [one["event"]["id"] for one in answers] == [moved.id, assigned.id]
    assert [one["event"]["source"] for one in answers] == [SOURCE, SOURCE]
    assert [one["event"]["type"] for one in answers] == [STATUS_CHANGED, ASSIGNED]
    assert [one["reasons"] for one in answers] == [["assigned", "created"], ["assigned"]]
    assert [one["count"] for one in answers] == [1, 1]


async def test_why_of_what_another_service_asked_for_names_its_request(database: AsyncEngine, ann: Client) -> None:
    await apply_events(database, [registered(ANN), asked := requested([ANN.id])])
    (shown,) = (await ann.get()).json()
    why = (await ann.get(f"/{shown['id']}/why")).json()
    assert why["event"].pop("time").endswith("Z")
    assert why == {
        "event": {"source": "/billing", "id": asked.id, "type": "taskify.notification.requested.v1"},
        "reasons": ["requested"],
        "count": 1,
    }


async def test_why_tells_the_time_of_the_event_or_of_the_row_where_none_was_kept(
    database: AsyncEngine, ann: Client
) -> None:
    kept = await add_row(database, ANN.id, event_time=days_ago(3), created_at=days_ago(2))
    not_kept = await add_row(database, ANN.id, event_time=None, created_at=days_ago(2))
    times = [(await ann.get(f"/{one}/why")).json()["event"]["time"] for one in (kept, not_kept)]
    assert times == [rfc3339(days_ago(3)), rfc3339(days_ago(2))]


async def test_a_row_of_several_and_each_of_its_members_have_a_why(database: AsyncEngine, ann: Client) -> None:
    row = await add_row(database, ANN.id, type="comment_added", count=3, reasons=["created", "manual"], event_id="1")
    member = await add_member(
        database, ANN.id, notification_id=row, type="comment_added", reasons=["manual"], event_id="2"
    )
    whole, part = [(await ann.get(f"/{one}/why")).json() for one in (row, member)]
    comment_added = {"source": SOURCE, "type": "taskify.task.comment_added.v1", "time": rfc3339(NOW)}
    assert whole == {"event": {**comment_added, "id": "1"}, "reasons": ["created", "manual"], "count": 3}
    assert part == {"event": {**comment_added, "id": "2"}, "reasons": ["manual"], "count": 1}


async def test_a_digest_comes_from_no_event(database: AsyncEngine, ann: Client) -> None:
    digest = await add_row(database, ANN.id, type="digest", message="Your daily digest: 4 updates", count=4)
    assert (await ann.get(f"/{digest}/why")).json() == {"event": None, "reasons": ["created"], "count": 4}


async def test_the_why_of_somebody_else_is_not_found(database: AsyncEngine, ann: Client, eve: Client) -> None:
    row = await add_row(database, ANN.id, type="comment_added", count=2)
    member = await add_member(database, ANN.id, notification_id=row, type="comment_added")
    for unknown in (row, member, uuid4()):
        answer = await eve.get(f"/{unknown}/why")
        assert (answer.status_code, problem_of(answer).type) == (404, "not_found")
    assert (await ann.get(f"/{member}/why")).status_code == 200


class Task:
    """One task whose events are noted, and what Ann is told of them."""

    def __init__(self, database: AsyncEngine) -> None:
        self.database = database
        self.id = uuid7()
        self.sequence = 0

    async def happens(self, **values: Any) -> dict[str, Any]:
        """Note an event; give what names it in rows."""
        self.sequence += 1
        event_id = await add_task_event(self.database, self.id, self.sequence, **values)
        return {"event_id": event_id, "task_id": self.id}

    async def watched_by(self, user_id: UUID, watched: int, stopped: int = -1) -> None:
        async with self.database.begin() as connection:
            await connection.execute(
                watchers.insert().values(
                    task_id=self.id,
                    user_id=user_id,
                    reasons=["manual"],
                    watched_sequence=watched,
                    stopped_sequence=stopped,
                )
            )


async def outcomes(client: Client, task: Task) -> list[tuple[str, str | None]]:
    items = (await client.get("/why-not", task_id=task.id)).json()["items"]
    return [(one["outcome"], one["notification_id"]) for one in items]


async def test_why_not_says_what_became_of_each_event_the_newest_first(database: AsyncEngine, ann: Client) -> None:
    task = Task(database)
    row = await add_row(database, ANN.id, **await task.happens(actor_id=JOHN.id))
    digest = await add_row(database, ANN.id, type="digest", message="Your daily digest: 1 update")
    await add_member(database, ANN.id, notification_id=digest, **await task.happens(actor_id=JOHN.id))
    await add_member(
        database, ANN.id, frequency="daily", due_at=NOW + timedelta(days=1), **await task.happens(actor_id=JOHN.id)
    )
    for outcome in (Outcome.MUTED, Outcome.PREFERENCE, Outcome.WITHDRAWN):
        await hold_back(database, ANN.id, (await task.happens(actor_id=JOHN.id))["event_id"], outcome)
    await task.happens(actor_id=ANN.id)
    await task.happens(actor_id=JOHN.id, type=ASSIGNED, assignee_id=EVE.id)
    last = await task.happens(actor_id=JOHN.id)
    assert await outcomes(ann, task) == [
        ("not_watching", None),
        ("not_the_assignee", None),
        ("own_action", None),
        ("withdrawn", None),
        ("preference", None),
        ("muted", None),
        ("waits_for_digest", None),
        ("told", str(digest)),
        ("told", str(row)),
    ]
    newest = (await ann.get("/why-not", task_id=task.id)).json()["items"][0]
    assert newest == {
        "event": {"source": SOURCE, "id": last["event_id"], "type": STATUS_CHANGED, "time": rfc3339(NOW)},
        "actor_id": str(JOHN.id),
        "outcome": "not_watching",
        "notification_id": None,
    }


async def test_each_rule_that_holds_back_is_said(database: AsyncEngine, ann: Client) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN), story.moved(JOHN, TaskStatus.DONE)])
    (told,) = (await ann.get()).json()
    await ann.put("/preferences", {"timezone": "UTC", "daily_at": "09:00", "types": {"status_changed": "daily"}})
    await apply_events(database, [story.moved(JOHN, TaskStatus.IN_REVIEW), story.moved(ANN, TaskStatus.TODO)])
    await ann.put(f"/muted-tasks/{story.task.id}")
    await apply_events(database, [story.commented(JOHN)])
    await ann.delete(f"/muted-tasks/{story.task.id}")
    await ann.put("/preferences", {"timezone": "UTC", "daily_at": "09:00", "types": {"comment_added": "off"}})
    await apply_events(database, [story.commented(JOHN), story.assigned(JOHN, EVE)])
    await apply_events(database, [story.moved(JOHN, TaskStatus.DONE), story.moved(EVE, TaskStatus.TODO)])
    await apply_events(database, [story.unwatched(ANN), story.moved(JOHN, TaskStatus.IN_PROGRESS)])
    items = (await ann.get("/why-not", task_id=story.task.id)).json()["items"]
    assert [(one["outcome"], one["notification_id"]) for one in items] == [
        ("not_watching", None),
        ("withdrawn", None),
        ("withdrawn", None),
        ("not_the_assignee", None),
        ("preference", None),
        ("muted", None),
        ("own_action", None),
        ("waits_for_digest", None),
        ("told", told["id"]),
    ]
    assert [one["actor_id"] for one in items[:3]] == [str(JOHN.id), str(EVE.id), str(JOHN.id)]


async def test_why_not_speaks_of_the_asker_alone(database: AsyncEngine, ann: Client, eve: Client) -> None:
    task = Task(database)
    await add_row(database, ANN.id, **await task.happens(actor_id=JOHN.id))
    await hold_back(database, ANN.id, (await task.happens(actor_id=JOHN.id))["event_id"], Outcome.MUTED)
    await add_member(database, ANN.id, frequency="daily", due_at=NOW, **await task.happens(actor_id=JOHN.id))
    await task.happens(actor_id=ANN.id)
    await task.watched_by(ANN.id, 0)
    assert await outcomes(eve, task) == [("not_watching", None)] * 4
    assert "not_watching" not in {outcome for outcome, _ in await outcomes(ann, task)}


async def test_a_row_that_stands_for_several_events_is_where_each_was_told(database: AsyncEngine, ann: Client) -> None:
    task = Task(database)
    first, second = [await task.happens(actor_id=JOHN.id) for _ in range(2)]
    row = await add_row(database, ANN.id, count=2, **first)
    for event in (first, second):
        await add_member(database, ANN.id, notification_id=row, **event)
    assert await outcomes(ann, task) == [("told", str(row))] * 2


async def test_what_was_told_and_is_gone_by_its_age_is_told_of_where_that_is_certain(
    database: AsyncEngine, ann: Client, eve: Client
) -> None:
    task = Task(database)
    await task.happens(actor_id=JOHN.id, type=ASSIGNED, assignee_id=ANN.id)
    for _ in range(3):
        await task.happens(actor_id=JOHN.id)
    await task.watched_by(ANN.id, watched=3)
    assert await outcomes(ann, task) == [("told", None), ("told", None), ("not_watching", None), ("told", None)]
    await task.watched_by(EVE.id, watched=1, stopped=2)
    assert await outcomes(eve, task) == [("not_watching", None)] * 3 + [("not_the_assignee", None)]


async def test_why_not_goes_back_50_events_and_no_further_than_the_history(database: AsyncEngine, ann: Client) -> None:
    task = Task(database)
    await task.happens(actor_id=JOHN.id, recorded_at=days_ago(31))
    young = await task.happens(actor_id=JOHN.id, recorded_at=days_ago(29))
    items = (await ann.get("/why-not", task_id=task.id)).json()["items"]
    assert [one["event"]["id"] for one in items] == [young["event_id"]]
    events = [(await task.happens(actor_id=JOHN.id))["event_id"] for _ in range(RECENT_EVENTS)]
    await Task(database).happens(actor_id=JOHN.id)
    items = (await ann.get("/why-not", task_id=task.id)).json()["items"]
    assert [one["event"]["id"] for one in items] == events[::-1]


async def test_of_a_task_without_events_there_is_nothing_to_explain(ann: Client) -> None:
    assert (await ann.get("/why-not", task_id=uuid4())).json() == {"items": []}
