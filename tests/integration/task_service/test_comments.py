"""Comments on a task."""

from uuid import uuid4

from tests.integration.task_service.client import Json, Member, problem, wrong_places


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
