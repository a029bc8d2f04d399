"""Every change writes its event in its own transaction, in the order of the changes of its task."""

import asyncio
import dataclasses
import random
from collections import defaultdict
from uuid import UUID

import pytest
from sqlalchemy import event as engine_events
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from contracts.envelope import sequence_text
from contracts.events import AnyEvent
from contracts.events.task import (
    TaskAssigned,
    TaskChanged,
    TaskCommentAdded,
    TaskCommentDeleted,
    TaskCreated,
    TaskDeleted,
    TaskStatusChanged,
    TaskUnassigned,
)
from contracts.topology import lane_of
from infra.database.engine import create_engine
from infra.database.errors import sql_state
from task_service.commands.unit_of_work import UnitOfWork, session_factory
from task_service.models import Task, outbox
from tests.integration.task_service.client import Api, Json, Member, problem
from tests.support.sent_statements import sent_statements


def data_of(event: AnyEvent) -> Json:
    return dict(event.data.model_dump(mode="json", exclude_none=True))


def position(statements: list[str], *words: str) -> int:
    return next(index for index, statement in enumerate(statements) if all(word in statement for word in words))


async def test_the_whole_life_of_a_task_is_told_in_order(api: Api, ann: Member, bob: Member) -> None:
    """One step after the other, each with what a consumer needs to know of it."""
    before = len(await api.events())
    task = await ann.create_task(title="Fix it", description="soon", assignee_id=str(bob.id))
    path = f"/api/tasks/{task['id']}"
    await bob.change(task, title="Fix all", description="now", status="in_progress", assignee_id=str(ann.id))
    await bob.change(task, assignee_id=None)
    comment = (await bob.request("POST", f"{path}/comments", json={"body": "done"})).json()
    await bob.request("DELETE", f"{path}/comments/{comment['id']}")
    await ann.request("DELETE", path)

    events = (await api.events())[before:]

    a, b = {"id": str(ann.id), "name": "Ann"}, {"id": str(bob.id), "name": "Bob"}
    old, new = {"id": task["id"], "title": "Fix it"}, {"id": task["id"], "title": "Fix all"}
    watching = "watchers_added"
    assert [(type(event), data_of(event)) for event in events] == [
        (
            TaskCreated,
            {
                "actor": a,
                "task": old,
                "description": "soon",
                "status": "todo",
                watching: [{"person": a, "reason": "created"}],
            },
        ),
        (
            TaskAssigned,
            {"actor": a, "task": old, "assignee": b, watching: [{"person": b, "reason": "assigned"}]},
        ),
        (
            TaskChanged,
            {
                "actor": b,
                "task": new,
                "title": {"old": "Fix it", "new": "Fix all"},
                "description": {"old": "soon", "new": "now"},
                watching: [],
            },
        ),
        (
            TaskStatusChanged,
            {"actor": b, "task": new, "old_status": "todo", "new_status": "in_progress", watching: []},
        ),
        (
            TaskAssigned,
            {
                "actor": b,
                "task": new,
                "assignee": a,
                "previous_assignee": b,
                watching: [{"person": a, "reason": "assigned"}],
            },
        ),
        (TaskUnassigned, {"actor": b, "task": new, "previous_assignee": a, watching: []}),
        (
            TaskCommentAdded,
            {
                "actor": b,
                "task": new,
                "comment": {"id": comment["id"], "body": "done"},
                watching: [{"person": b, "reason": "commented"}],
            },
        ),
        (TaskCommentDeleted, {"actor": b, "task": new, "comment_id": comment["id"], watching: []}),
        (TaskDeleted, {"actor": a, "task": new, watching: []}),
    ]
    assert [event.sequence for event in events] == [sequence_text(number) for number in range(1, 10)]
    assert {(event.source, event.subject, event.partitionkey) for event in events} == {
        ("/task-service", task["id"], task["id"])
    }


async def test_events_leave_by_the_lane_of_their_task_and_in_its_order(api: Api, ann: Member) -> None:
    task = await ann.create_task()

    async with api.engine.connect() as connection:
        row = (await connection.execute(select(outbox).order_by(outbox.c.id.desc()).limit(1))).one()

    assert row.routing_key == f"task.created.{lane_of(UUID(task['id']))}"
    assert row.order_key == task["id"]
    assert (row.type, row.content_type) == ("taskify.task.created.v1", "application/cloudevents+json")
    assert row.message_id == (await api.events())[-1].id


async def test_an_event_is_written_after_the_row_of_its_task_is_locked_and_changed(api: Api, ann: Member) -> None:
    task = await ann.create_task()
    changes = [
        ("PATCH", "", {"title": "x"}, "UPDATE tasks"),
        ("POST", "/comments", {"body": "x"}, "INSERT INTO comments"),
        ("DELETE", "/watch", None, "UPDATE watchers"),
        ("PUT", "/watch", None, "UPDATE watchers"),
        ("DELETE", "", None, "DELETE FROM tasks"),
    ]
    for method, path, body, change in changes:
        with sent_statements(api.engine) as sent:
            await ann.request(method, f"/api/tasks/{task['id']}{path}", **({"json": body} if body else {}))
            # The driver tells of its statements in the next turn of the loop.
            await asyncio.sleep(0)
        statements = [statement for statement, _ in sent]
        written = position(statements, "INSERT INTO outbox")
        if path == "/comments":
            # One statement, whose parts take what the ones before them give; `test_comments` sees what they do.
            assert statements[written].index("FOR UPDATE") < statements[written].index(change)
        else:
            assert position(statements, "FROM tasks", "FOR UPDATE") < position(statements, change) <= written
        assert len([statement for statement in statements if "tasks" in statement and "UPDATE tasks" in statement]) <= 1
        assert statements[written + 1 :] == []


async def test_what_is_rolled_back_leaves_neither_change_nor_event_nor_wake_up(api: Api, ann: Member) -> None:
    """The database refuses the event: the change that it tells of must not stay."""
    task = await ann.create_task()
    events, woken = await api.event_types(), len(api.wake_ups)
    async with api.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE outbox ADD CHECK (type NOT LIKE '%status_changed%') NOT VALID")

    answer = await ann.request("PATCH", f"/api/tasks/{task['id']}", json={"title": "new", "status": "done"})

    assert problem(answer) == (500, "internal_error")
    assert (await ann.request("GET", f"/api/tasks/{task['id']}")).json() == task
    assert (await api.event_types(), len(api.wake_ups)) == (events, woken)


async def test_the_relay_is_woken_after_the_commit(api: Api, ann: Member) -> None:
    """Whoever is woken must find the event, so at that moment another connection can see it."""
    seen: list[str] = []
    committed: list[bool] = []

    def on_commit(_: object) -> None:
        committed.append(True)

    engine_events.listen(api.engine.sync_engine, "commit", on_commit)
    services = api.app.state.services
    original = services.unit_of_work._notify
    services.unit_of_work._notify = lambda: seen.append("after" if committed else "before")
    await ann.create_task()
    services.unit_of_work._notify = original
    engine_events.remove(api.engine.sync_engine, "commit", on_commit)

    assert seen == ["after"]


async def test_sixteen_writers_leave_each_task_a_sequence_without_holes_in_the_order_of_the_outbox(
    api: Api, ann: Member, bob: Member
) -> None:
    tasks = [await ann.create_task() for _ in range(5)]
    dice = random.Random(16)  # noqa: S311 (chooses examples)

    async def write(writer: int) -> None:
        member = (ann, bob)[writer % 2]
        for step in range(6):
            path = f"/api/tasks/{dice.choice(tasks)['id']}"
            method, below, body = dice.choice(
                [
                    ("PATCH", "", {"title": f"{writer}/{step}", "status": dice.choice(["todo", "done"])}),
                    ("PATCH", "", {"assignee_id": dice.choice([None, str(ann.id), str(bob.id)])}),
                    ("POST", "/comments", {"body": "hm"}),
                    ("PUT", "/watch", None),
                    ("DELETE", "/watch", None),
                ]
            )
            answer = await member.request(method, path + below, **({"json": body} if body else {}))
            assert answer.is_success, answer.text

    async with asyncio.TaskGroup() as group:
        for writer in range(16):
            group.create_task(write(writer))

    sequences: dict[str, list[str]] = defaultdict(list)
    for event in await api.events():
        if event.sequence:
            sequences[str(event.subject)].append(event.sequence)
    async with api.engine.connect() as connection:
        last = {str(row.id): row.event_sequence for row in await connection.execute(select(Task))}
    assert set(sequences) == {task["id"] for task in tasks}
    for task_id, found in sequences.items():
        assert found == [sequence_text(number) for number in range(1, last[task_id] + 1)]


async def test_versions_of_concurrent_changes_are_all_different(api: Api, ann: Member) -> None:
    task = await ann.create_task()

    changed = await asyncio.gather(*(ann.change(task, title=f"title {number}") for number in range(8)))

    assert sorted(each["version"] for each in changed) == list(range(2, 10))
    chain = [data_of(event)["title"] for event in await api.events() if isinstance(event, TaskChanged)]
    assert [each["old"] for each in chain] == ["Fix login bug", *(each["new"] for each in chain[:-1])]


async def test_a_lock_that_is_held_too_long_is_unavailable_and_not_a_failure(
    api: Api, ann: Member, task_database_url: str
) -> None:
    task = await ann.create_task()
    as_served = create_engine(task_database_url, application_name="test")
    unit_of_work = UnitOfWork(session_factory(as_served), lambda: None)
    api.app.state.services = dataclasses.replace(api.app.state.services, unit_of_work=unit_of_work)
    async with api.engine.begin() as connection:
        await connection.execute(select(Task).where(Task.id == UUID(task["id"])).with_for_update())

        answer = await ann.request("PATCH", f"/api/tasks/{task['id']}", json={"title": "x"})

    await as_served.dispose()
    assert problem(answer) == (503, "unavailable")


async def test_the_database_itself_refuses_what_cannot_be(api: Api, ann: Member) -> None:
    await ann.create_task()

    for statement in (
        "UPDATE tasks SET title = ''",
        "UPDATE tasks SET status = 'later'",
        "UPDATE tasks SET version = 0",
        "UPDATE tasks SET assignee_id = gen_random_uuid()",
        "UPDATE tasks SET creator_id = NULL",
        "UPDATE users SET role = 'owner'",
        "UPDATE users SET email = 'same@example.org'",
        "UPDATE watchers SET reasons = '{}'",
        "UPDATE watchers SET reasons = '{bored}'",
        "DELETE FROM users",
    ):
        async with api.engine.connect() as connection:
            with pytest.raises(DBAPIError) as refused:
                await connection.exec_driver_sql(statement)
        assert str(sql_state(refused.value)).startswith("23"), statement
