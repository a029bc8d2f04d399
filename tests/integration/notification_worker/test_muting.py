from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from notification_worker.commands.apply_events import apply_events
from notification_worker.models import muted_tasks
from tests.integration.notification_worker.api_client import ANN, Client, pages, problem_of
from tests.support.notification_events import TaskStory, erased, registered


async def test_a_task_is_muted_and_unmuted_as_often_as_one_asks(database: AsyncEngine, ann: Client) -> None:
    path = f"/muted-tasks/{uuid4()}"
    not_muted = {"task_id": path.rpartition("/")[2], "muted_at": None}
    assert (await ann.get(path)).json() == not_muted
    for _ in range(2):
        answer = await ann.put(path)
        assert (answer.status_code, answer.content) == (204, b"")
    first = (await ann.get(path)).json()
    assert first == not_muted | {"muted_at": first["muted_at"]}
    assert first["muted_at"] is not None
    await ann.put(path)
    assert (await ann.get(path)).json() == first
    for _ in range(2):
        answer = await ann.delete(path)
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await ann.get(path)).json() == not_muted
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(muted_tasks)) == 0


async def test_muted_tasks_are_listed_page_by_page_those_muted_last_first(ann: Client) -> None:
    assert (await ann.get("/muted-tasks")).json() == {"items": [], "next_cursor": None}
    tasks = [str(uuid4()) for _ in range(5)]
    for task in tasks:
        await ann.put(f"/muted-tasks/{task}")
    listed = await pages(ann, "/muted-tasks", 50)
    assert [one["task_id"] for one in listed] == tasks[::-1]
    for limit in (1, 2, 5):
        assert await pages(ann, "/muted-tasks", limit) == listed
    assert [one["muted_at"] for one in listed] == sorted((one["muted_at"] for one in listed), reverse=True)
    first = (await ann.get("/muted-tasks", limit=2)).json()
    # One that is unmuted and one that is muted meanwhile do not move the others.
    await ann.delete(f"/muted-tasks/{tasks[4]}")
    await ann.put(f"/muted-tasks/{uuid4()}")
    second = (await ann.get("/muted-tasks", limit=2, cursor=first["next_cursor"])).json()
    assert [one["task_id"] for one in second["items"]] == [tasks[2], tasks[1]]


async def test_what_one_person_mutes_nobody_else_does(ann: Client, eve: Client) -> None:
    path = f"/muted-tasks/{uuid4()}"
    await ann.put(path)
    assert (await eve.get(path)).json()["muted_at"] is None
    assert (await eve.get("/muted-tasks")).json()["items"] == []
    assert (await eve.delete(path)).status_code == 204
    assert (await ann.get(path)).json()["muted_at"] is not None


async def test_a_task_that_is_gone_is_not_muted(database: AsyncEngine, ann: Client) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN), story.deleted(ANN)])

    assert (await ann.put(f"/muted-tasks/{story.task.id}")).status_code == 204

    assert (await ann.get("/muted-tasks")).json()["items"] == []


async def test_nothing_is_kept_of_who_was_erased_while_their_token_lives(database: AsyncEngine, ann: Client) -> None:
    await apply_events(database, [registered(ANN), erased(ANN)])
    for path, body in (
        (f"/muted-tasks/{uuid4()}", None),
        ("/preferences", {"timezone": "UTC", "daily_at": "09:00", "types": {}}),
    ):
        answer = await ann.put(path, body)
        assert (answer.status_code, problem_of(answer).type) == (401, "unauthenticated")
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(muted_tasks)) == 0
