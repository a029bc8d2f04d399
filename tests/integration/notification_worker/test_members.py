from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from notification_worker.commands.apply_events import apply_events
from tests.integration.notification_worker.api_client import ANN, EVE, JOHN, Client, pages, problem_of
from tests.integration.notification_worker.inbox_rows import NOW, add_member, add_row, days_ago
from tests.support.notification_events import TaskStory


async def row_of_several(database: AsyncEngine, user_id: UUID, count: int, **values: Any) -> tuple[UUID, list[UUID]]:
    """Give a row and its members, the newest first."""
    task_id = uuid7()
    row = await add_row(database, user_id, type="comment_added", task_id=task_id, count=count, **values)
    members = [
        await add_member(
            database,
            user_id,
            notification_id=row,
            type="comment_added",
            task_id=task_id,
            comment_id=uuid7(),
            actor_name=f"Person {number}",
            # Two at a time came at the same moment.
            created_at=days_ago((count - number) // 2),
        )
        for number in range(count)
    ]
    return row, members[::-1]


async def test_a_notification_of_one_event_is_its_own_member(database: AsyncEngine, ann: Client) -> None:
    await apply_events(database, [(story := TaskStory()).created(ANN), story.commented(JOHN)])
    (shown,) = (await ann.get()).json()
    answer = (await ann.get(f"/{shown['id']}/members")).json()
    assert answer == {
        "items": [
            {
                name: shown[name]
                for name in ("id", "type", "message", "task_id", "link", "actor", "reasons", "created_at")
            }
        ],
        "next_cursor": None,
    }


async def test_comments_that_became_one_row_are_its_members(database: AsyncEngine, ann: Client) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN), first := story.commented(JOHN), story.commented(EVE)])
    await apply_events(database, [story.commented(JOHN)])
    (row,) = (await ann.get()).json()
    assert (row["count"], row["message"]) == (3, "John and 1 other commented on 'Fix login bug'")
    members = (await ann.get(f"/{row['id']}/members")).json()["items"]
    assert [one["message"] for one in members] == [
        f"{actor} commented on 'Fix login bug'" for actor in ("John", "Eve", "John")
    ]
    assert len({one["link"] for one in members}) == 3
    assert members[-1]["link"] == row["link"] == f"/tasks/{story.task.id}#comment-{first.data.comment.id}"


async def test_the_members_of_a_row_are_listed_newest_first_page_by_page(database: AsyncEngine, ann: Client) -> None:
    row, members = await row_of_several(database, ANN.id, 7)
    await row_of_several(database, ANN.id, 2)
    listed = await pages(ann, f"/{row}/members", 50)
    assert [one["id"] for one in listed] == [str(one) for one in members]
    for limit in (1, 2, 3, 7):
        assert await pages(ann, f"/{row}/members", limit) == listed
    newest = listed[0]
    assert newest["message"] == "Person 6 commented on 'Fix login bug'"
    assert newest["actor"]["name"] == "Person 6"
    assert newest["link"].startswith(f"/tasks/{newest['task_id']}#comment-")


async def test_members_that_come_while_one_pages_are_not_in_the_pages_that_follow(
    database: AsyncEngine, ann: Client
) -> None:
    row, members = await row_of_several(database, ANN.id, 4)
    first = (await ann.get(f"/{row}/members", limit=2)).json()
    await add_member(database, ANN.id, notification_id=row, type="comment_added", created_at=NOW)
    second = (await ann.get(f"/{row}/members", limit=2, cursor=first["next_cursor"])).json()
    assert [one["id"] for one in first["items"] + second["items"]] == [str(one) for one in members]
    assert second["next_cursor"] is None


async def test_a_digest_has_members_of_several_types_even_if_it_has_one(database: AsyncEngine, ann: Client) -> None:
    digest = await add_row(
        database, ANN.id, type="digest", task_id=None, actor_id=None, actor_name=None, message="Your daily digest"
    )
    member = await add_member(
        database,
        ANN.id,
        notification_id=digest,
        type="invoice_paid",
        task_id=None,
        actor_id=None,
        actor_name=None,
        message="Invoice 7 was paid",
        link="/invoices/7",
        reasons=["requested"],
    )
    (shown,) = (await ann.get(f"/{digest}/members")).json()["items"]
    created_at = shown.pop("created_at")
    assert created_at == f"{NOW:%Y-%m-%dT%H:%M:%S}.000000Z"
    assert shown == {
        "id": str(member),
        "type": "invoice_paid",
        "message": "Invoice 7 was paid",
        "task_id": None,
        "link": "/invoices/7",
        "actor": None,
        "reasons": ["requested"],
    }


async def test_the_members_of_a_deleted_task_lead_nowhere_and_who_was_erased_is_a_former_member(
    database: AsyncEngine, ann: Client
) -> None:
    row = await add_row(database, ANN.id, type="comment_added", count=2)
    await add_member(
        database, ANN.id, notification_id=row, type="comment_added", task_deleted=True, actor_id=None, actor_name=None
    )
    (shown,) = (await ann.get(f"/{row}/members")).json()["items"]
    assert (shown["link"], shown["actor"]) == (None, {"id": None, "name": "a former member"})
    assert shown["message"] == "A former member commented on 'Fix login bug'"


async def test_the_members_of_somebody_else_are_not_found(database: AsyncEngine, ann: Client, eve: Client) -> None:
    own, members = await row_of_several(database, ANN.id, 2)
    alone = await add_row(database, ANN.id)
    # What Eve holds herself leads to nothing of Ann's either.
    await row_of_several(database, EVE.id, 2)
    for path in (own, alone, members[0], uuid7()):
        answer = await eve.get(f"/{path}/members")
        assert (answer.status_code, problem_of(answer).type) == (404, "not_found")
    assert (await ann.get(f"/{members[0]}/members")).status_code == 404
    assert len((await ann.get(f"/{own}/members")).json()["items"]) == 2


async def test_a_cursor_after_the_one_member_of_a_row_leads_to_the_end(database: AsyncEngine, ann: Client) -> None:
    row, _ = await row_of_several(database, ANN.id, 2)
    cursor = (await ann.get(f"/{row}/members", limit=1)).json()["next_cursor"]
    older = await add_row(database, ANN.id, created_at=days_ago(3))
    newer = await add_row(database, ANN.id, created_at=NOW)
    listed = [len((await ann.get(f"/{one}/members", cursor=cursor)).json()["items"]) for one in (older, newer)]
    assert listed == [1, 0]
