import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.task import TaskStatus
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.list_history import list_history
from notification_worker.commands.mark import Seen, mark_all_read, mark_read, mark_unread
from notification_worker.commands.sync_inbox import sync_inbox
from notification_worker.models import inboxes, notifications
from tests.integration.notification_worker.api_client import ANN, EVE, HISTORY, JOHN, Client, pages, problem_of
from tests.integration.notification_worker.inbox_rows import NOW, add_row, days_ago
from tests.support.notification_events import TaskStory


async def ids_of(client: Client, limit: int = 3) -> list[str]:
    return [one["id"] for one in await pages(client, "/history", limit)]


async def test_history_is_what_is_younger_than_30_days_and_what_is_older_and_unread(
    database: AsyncEngine, ann: Client
) -> None:
    shown = [
        str(await add_row(database, ANN.id, created_at=days_ago(days), read_at=NOW if read else None))
        for days, read in ((0, False), (1, True), (29.9, True), (29.95, False), (31, False), (400, False))
    ]
    for days in (30.1, 31, 399, 500):
        await add_row(database, ANN.id, created_at=days_ago(days), read_at=NOW)
    for limit in (1, 2, 3, 4, 6, 7):
        assert await ids_of(ann, limit) == shown


async def test_a_page_of_history_has_whole_notifications(database: AsyncEngine, ann: Client) -> None:
    await apply_events(database, [(story := TaskStory()).created(ANN), story.moved(JOHN)])
    page = (await ann.get("/history")).json()
    assert page == {"items": (await ann.get()).json(), "next_cursor": None}
    await ann.post("/read", {"id": page["items"][0]["id"]})
    (read,) = (await ann.get("/history")).json()["items"]
    assert read["read_at"] is not None


async def test_the_history_of_nobody_is_empty(ann: Client) -> None:
    assert (await ann.get("/history")).json() == {"items": [], "next_cursor": None}


async def test_nobody_is_shown_the_history_of_somebody_else(database: AsyncEngine, ann: Client, eve: Client) -> None:
    own = str(await add_row(database, ANN.id))
    foreign = str(await add_row(database, EVE.id, created_at=days_ago(40)))
    assert (await ids_of(ann), await ids_of(eve)) == ([own], [foreign])
    cursors = [(await client.get("/history", limit=1)).json()["next_cursor"] for client in (ann, eve)]
    assert cursors == [None, None]


async def test_age_is_what_the_clock_says(database: AsyncEngine) -> None:
    old = await add_row(database, ANN.id, created_at=days_ago(20), read_at=NOW)
    unread = await add_row(database, ANN.id, created_at=days_ago(20))

    async def shown_after(days: float) -> list[UUID]:
        page = await list_history(database, ANN.id, 50, None, history=HISTORY, clock=lambda: NOW + timedelta(days=days))
        changes = await sync_inbox(database, ANN.id, None, history=HISTORY, clock=lambda: NOW + timedelta(days=days))
        assert {one.id for one in page.items} == {one.id for one in changes.items}
        assert (changes.reset, changes.latest_seq, changes.unread_count) == (True, 2, 1)
        return [one.id for one in page.items]

    assert set(await shown_after(9.9)) == {old, unread}
    assert await shown_after(10.1) == [unread]


class Inbox:
    """Ann's, in which something may happen at any moment."""

    def __init__(self, database: AsyncEngine, chance: random.Random) -> None:
        self.database = database
        self.chance = chance
        self.stories = [TaskStory(f"Task {number}") for number in range(3)]

    async def begin(self) -> None:
        for story in self.stories:
            await apply_events(self.database, [story.created(ANN), story.moved(JOHN), story.commented(EVE)])
        for number in range(12):
            created_at = days_ago(self.chance.choice((1, 1, 35, 60)) + number // 4)
            await add_row(self.database, ANN.id, created_at=created_at, read_at=self.chance.choice((None, NOW)))

    async def something_happens(self) -> None:
        story = self.chance.choice(self.stories)
        row = self.chance.choice(await self.shown())
        match self.chance.randrange(6):
            case 0:
                # Where it came from is among them: then the row of the way there is withdrawn.
                elsewhere = [status for status in TaskStatus if status != story.status]
                await apply_events(self.database, [story.moved(JOHN, self.chance.choice(elsewhere))])
            case 1:
                await apply_events(self.database, [story.commented(JOHN), story.commented(EVE)])
            case 2:
                await mark_read(self.database, ANN.id, [Seen(row)])
            case 3:
                await mark_unread(self.database, ANN.id, [Seen(row)], history=HISTORY)
            case 4:
                await mark_all_read(self.database, ANN.id, self.chance.randrange(30))
            case _:
                async with self.database.begin() as connection:
                    await connection.execute(delete(notifications).where(notifications.c.id == row))

    async def shown(self) -> list[UUID]:
        return [one.id for one in (await list_history(self.database, ANN.id, 100, None, history=HISTORY)).items]


@pytest.mark.parametrize("seed", range(8))
async def test_paging_neither_skips_nor_repeats_while_the_inbox_changes(
    database: AsyncEngine, ann: Client, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 (a repeatable example)
    inbox = Inbox(database, chance)
    await inbox.begin()
    always = set(await inbox.shown())
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await ann.get("/history", limit=chance.randint(1, 4), **cursor)).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        for _ in range(chance.randint(1, 3)):
            await inbox.something_happens()
            always &= set(await inbox.shown())
    ids = [UUID(one["id"]) for one in seen]
    assert len(ids) == len(set(ids))
    assert always <= set(ids)
    assert [(one["created_at"], one["id"]) for one in seen] == sorted(
        ((one["created_at"], one["id"]) for one in seen), reverse=True
    )


async def test_what_is_read_and_too_old_cannot_be_unread_again_but_is_still_read(
    database: AsyncEngine, ann: Client
) -> None:
    young = str(await add_row(database, ANN.id, created_at=days_ago(29), read_at=NOW))
    old = str(await add_row(database, ANN.id, created_at=days_ago(31), read_at=NOW))
    before = (await ann.get("/sync")).json()
    answer = await ann.post("/unread", {"ids": [young, old]})
    assert (answer.status_code, problem_of(answer).type) == (404, "not_found")
    # A request to read that is sent again, after it was applied and nobody heard of it, is no mistake.
    assert (await ann.post("/read", {"ids": [young, old]})).status_code == 204
    assert (await ann.get("/sync")).json() == before
    assert (await ann.post("/unread", {"id": young})).status_code == 204


async def test_an_old_one_that_is_unread_can_be_marked(database: AsyncEngine, ann: Client) -> None:
    old = str(await add_row(database, ANN.id, created_at=days_ago(31)))
    assert (await ann.post("/unread", {"id": old})).status_code == 204
    assert ann.woken == []
    assert (await ann.post("/read", {"id": old})).status_code == 204
    assert await ids_of(ann) == []
    changes = (await ann.get("/sync", after_seq=1)).json()
    # A window that holds it as unread has to hear of it, though it is not shown any more.
    assert [(one["id"], one["read_at"] is None) for one in changes["items"]] == [(old, False)]
    assert (changes["reset"], changes["unread_count"], changes["history_days"]) == (False, 0, 30)


async def test_a_window_from_before_what_was_forgotten_starts_again(database: AsyncEngine, ann: Client) -> None:
    for _ in range(5):
        await add_row(database, ANN.id)
    async with database.begin() as connection:
        await connection.execute(update(inboxes).where(inboxes.c.user_id == ANN.id).values(forgotten_seq=3))
    resets = [(await ann.get("/sync", after_seq=seq)).json()["reset"] for seq in range(7)]
    assert resets == [True, True, True, False, False, False, True]
    behind, beside = [(await ann.get("/sync", after_seq=seq)).json() for seq in (2, 3)]
    assert [one["seq"] for one in behind["items"]] == [1, 2, 3, 4, 5]
    assert [one["seq"] for one in beside["items"]] == [4, 5]


async def test_the_start_has_50_of_the_history_and_every_unread_one(database: AsyncEngine, ann: Client) -> None:
    for number in range(60):
        await add_row(database, ANN.id, created_at=days_ago(number / 10), read_at=NOW)
    unread = str(await add_row(database, ANN.id, created_at=days_ago(200)))
    start = (await ann.get("/sync")).json()
    assert len(start["items"]) == 51
    assert unread in {one["id"] for one in start["items"]}
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(notifications)) == 61
