"""Comments on a task."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from contracts.envelope import sequence_text
from contracts.events.task import TaskCommentAdded
from tests.integration.task_service.client import Api, Json, Member, problem, wrong_places
from tests.integration.task_service.test_refreshing import until_waiting
from tests.support.sent_statements import sent_statements


async def comment(member: Member, task: Json, body: str) -> Json:
    answer = await member.request("POST", f"/api/tasks/{task['id']}/comments", json={"body": body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_comment_has_its_author_and_its_text(ann: Member, bob: Member) -> None:
    task = await ann.create_task()

    made = await comment(bob, task, " on it\n")

    assert made["body"] == "on it"
    assert made["author"] == {"id": str(bob.id), "name": "Bob"}
    assert (await ann.request("GET", f"/api/tasks/{task['id']}/comments")).json() == {
        "items": [made],
        "next_cursor": None,
    }


async def test_comments_are_listed_oldest_first_and_paged(ann: Member) -> None:
    task, other = await ann.create_task(), await ann.create_task()
    made = [(await comment(ann, task, str(number)))["id"] for number in range(5)]
    await comment(ann, other, "elsewhere")

    seen: list[str] = []
    cursor: str | None = None
    while cursor or not seen:
        page = (
            await ann.request(
                "GET",
                f"/api/tasks/{task['id']}/comments",
                params={"limit": 2} | ({"cursor": cursor} if cursor else {}),
            )
        ).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert seen == made


async def test_a_comment_leaves_the_version_of_its_task(ann: Member) -> None:
    task = await ann.create_task()

    await comment(ann, task, "hm")

    assert (await ann.request("GET", f"/api/tasks/{task['id']}")).json() == task


async def test_a_comment_is_deleted_by_its_author_or_an_administrator_only(
    administrator: Member, ann: Member, bob: Member
) -> None:
    task = await ann.create_task()
    base = f"/api/tasks/{task['id']}/comments"
    first, second = [(await comment(bob, task, text))["id"] for text in ("first", "second")]

    assert problem(await ann.request("DELETE", f"{base}/{first}")) == (403, "forbidden")
    assert (await bob.request("DELETE", f"{base}/{first}")).status_code == 204
    assert (await administrator.request("DELETE", f"{base}/{second}")).status_code == 204
    assert (await ann.request("GET", base)).json()["items"] == []
    assert problem(await bob.request("DELETE", f"{base}/{first}")) == (404, "not_found")


async def test_a_comment_is_not_deleted_by_way_of_another_task(ann: Member) -> None:
    task, other = await ann.create_task(), await ann.create_task()
    made = await comment(ann, task, "here")

    answer = await ann.request("DELETE", f"/api/tasks/{other['id']}/comments/{made['id']}")

    assert problem(answer) == (404, "not_found")
    assert len((await ann.request("GET", f"/api/tasks/{task['id']}/comments")).json()["items"]) == 1


async def test_an_unknown_task_has_no_comments(ann: Member) -> None:
    path = f"/api/tasks/{uuid4()}/comments"

    assert problem(await ann.request("GET", path)) == (404, "not_found")
    assert problem(await ann.request("POST", path, json={"body": "x"})) == (404, "not_found")


async def test_a_comment_that_cannot_be_is_refused(ann: Member) -> None:
    task = await ann.create_task()

    for fields, where in (
        ({}, "body.body"),
        ({"body": " \n"}, "body.body"),
        ({"body": "x" * 10_001}, "body.body"),
        ({"body": "\0"}, "body.body"),
        ({"body": "x", "author": "somebody"}, "body.author"),
    ):
        answer = await ann.request("POST", f"/api/tasks/{task['id']}/comments", json=fields)
        assert wrong_places(answer) == [where], fields


async def added(api: Api) -> list[TaskCommentAdded]:
    return [event for event in await api.events() if isinstance(event, TaskCommentAdded)]


async def test_nobody_waits_for_a_lock_where_nobody_else_is(api: Api, ann: Member) -> None:
    """What is read is written as it was seen, in one statement, which is its own transaction."""
    task = await ann.create_task()
    await comment(ann, task, "the first lets its author watch for another reason")

    with sent_statements(api.engine) as sent:
        await comment(ann, task, "hm")
        await asyncio.sleep(0)

    asks, reads, writes = (statement for statement, _ in sent)
    assert "FROM users JOIN sessions" in asks
    assert "FOR " not in reads
    assert writes.count("SKIP LOCKED") == 2


async def test_comments_at_the_same_time_are_told_of_one_after_the_other(api: Api, ann: Member, bob: Member) -> None:
    task = await ann.create_task()

    made = await asyncio.gather(*(comment(each, task, str(number)) for number in range(6) for each in (ann, bob)))

    events = await added(api)
    assert [event.sequence for event in events] == [sequence_text(number) for number in range(2, 14)]
    assert sorted(str(event.data.comment.id) for event in events) == sorted(one["id"] for one in made)
    listed = (await ann.request("GET", f"/api/tasks/{task['id']}/comments")).json()["items"]
    assert len(listed) == 12
    # Whoever comments is let watch once.
    watching = [one for event in events for one in event.data.watchers_added]
    assert sorted(one.person.name for one in watching) == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            "UPDATE tasks SET title = 'New', event_sequence = event_sequence + 1 WHERE id = :task",
            ("New", "Bob", 3),
            id="the task",
        ),
        pytest.param(
            "UPDATE users SET name = 'Robert' WHERE id = :author",
            ("Fix login bug", "Robert", 2),
            id="a name",
        ),
    ],
)
async def test_a_comment_waits_for_who_changes_its_task_or_author_and_tells_of_what_came_of_it(
    api: Api, ann: Member, bob: Member, change: str, told: tuple[str, str, int]
) -> None:
    task = await ann.create_task()

    async with asyncio.TaskGroup() as group, api.engine.begin() as changing:
        await changing.execute(text(change), {"task": task["id"], "author": bob.id})
        request = group.create_task(comment(bob, task, "hm"))
        await until_waiting(api, 1)

    (event,) = await added(api)
    assert request.result()["author"]["name"] == told[1]
    assert (event.data.task.title, event.data.actor.name) == told[:2]
    assert event.sequence == sequence_text(told[2])


async def test_a_comment_waits_for_who_deletes_its_task_and_is_refused(api: Api, ann: Member, bob: Member) -> None:
    task = await ann.create_task()

    async with asyncio.TaskGroup() as group, api.engine.begin() as deleting:
        await deleting.execute(text("DELETE FROM tasks WHERE id = :task"), {"task": task["id"]})
        request = group.create_task(bob.request("POST", f"/api/tasks/{task['id']}/comments", json={"body": "Late"}))
        await until_waiting(api, 1)

    assert problem(request.result()) == (404, "not_found")
    assert await added(api) == []
