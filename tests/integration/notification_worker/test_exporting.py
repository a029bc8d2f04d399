import asyncio
import json
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.user import EXPORT_PART_BYTES, UserExportedData
from contracts.topology import NOTIFICATION_WORKER
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.event_claims import hold_off_events
from notification_worker.commands.export_person import answer_export_request
from notification_worker.commands.mark import Seen, mark_read
from notification_worker.commands.muting import mute_task
from notification_worker.models import export_requests, notifications, users
from tests.integration.notification_worker.answers import erasure_of, export_requested, exported, now
from tests.integration.notification_worker.books import all_of
from tests.integration.notification_worker.inbox_rows import add_rows
from tests.integration.notification_worker.waiting import prefer
from tests.support.notification_events import TaskStory, person, registered

ANN, EVE, JOHN = person("Ann"), person("Eve"), person("John")
LISTS = {
    "notifications",
    "notification_members",
    "removed_notifications",
    "watched_tasks",
    "muted_tasks",
    "held_back_events",
    "task_events",
}


async def answer_all(database: AsyncEngine) -> None:
    while await answer_export_request(database):
        pass


def whole(parts: list[UserExportedData]) -> dict[str, Any]:
    """Put parts together as the task service does."""
    document: dict[str, Any] = {}
    for part in sorted(parts, key=lambda part: part.part):
        for section, value in part.document.items():
            if isinstance(value, list):
                document.setdefault(section, []).extend(value)
            else:
                assert section not in document
                document[section] = value
    return document


async def test_an_export_holds_all_that_is_kept_of_a_person(database: AsyncEngine) -> None:
    story, other = TaskStory(), TaskStory("Write the docs")
    await apply_events(database, [registered(ANN), registered(EVE), story.created(ANN), story.assigned(JOHN, ANN)])
    await prefer(database, ANN.id, status_changed="daily")
    await mute_task(database, ANN.id, other.task.id)
    await apply_events(database, [story.moved(JOHN), other.watched(EVE), other.commented(ANN, "Nice")])
    await apply_events(database, [story.commented(JOHN), story.commented(EVE)])
    (first, *_) = await all_of(database, notifications)
    await mark_read(database, ANN.id, [Seen(first["id"])])
    asked = export_requested(ANN)
    await apply_events(database, [asked])
    await answer_all(database)
    (part,) = await exported(database)
    assert (part.export_id, part.user_id, part.service) == (asked.data.export_id, ANN.id, NOTIFICATION_WORKER)
    assert (part.part, part.parts) == (1, 1)
    document: Any = part.document
    assert {row["text"] for row in document["notifications"]} == {
        "John assigned you 'Fix login bug'",
        "Eve and 1 other commented on 'Fix login bug'",
    }
    assert sorted(row["text"] for row in document["notification_members"]) == [
        "Eve commented on 'Fix login bug'",
        "John commented on 'Fix login bug'",
        "John moved 'Fix login bug' to In review",
    ]
    assert {row["task_id"] for row in document["watched_tasks"]} == {str(story.task.id), str(other.task.id)}
    assert [row["task_id"] for row in document["muted_tasks"]] == [str(other.task.id)]
    assert document["preferences"]["frequencies"] == {"status_changed": "daily"}
    assert document["inbox"]["unread_count"] == 1
    assert document["person"] == {"id": str(ANN.id), "erased_at": None}
    assert {row["actor_id"] for row in document["task_events"]} == {str(ANN.id), str(JOHN.id)}
    # Eve's notification that names her is Eve's: only that there is one is told.
    assert document["named_in_inboxes_of_others"] == {"notifications": 1, "notification_members": 0}
    assert "Write the docs" not in json.dumps(document)


async def test_an_export_of_five_thousand_notifications_comes_in_bounded_parts_and_is_complete(
    database: AsyncEngine,
) -> None:
    ids = await add_rows(database, ANN.id, 5_000, task_title="ü" * 200, actor_name="Jöhn")
    await add_rows(database, EVE.id, 10)
    await apply_events(database, [export_requested(ANN)])
    await answer_all(database)
    parts = await exported(database)
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert {part.parts for part in parts} == {len(parts)}
    assert len(parts) > 3
    for part in parts:
        assert len(json.dumps(part.document, ensure_ascii=False).encode()) <= EXPORT_PART_BYTES
    assert [row["id"] for row in whole(parts)["notifications"]] == sorted(str(row_id) for row_id in ids)
    assert whole(parts).keys() >= LISTS


async def test_an_export_of_somebody_unknown_or_erased_is_answered_and_holds_nothing(database: AsyncEngine) -> None:
    await apply_events(database, [registered(EVE), TaskStory().assigned(JOHN, EVE), erasure_of(EVE)])
    await apply_events(database, [export_requested(ANN), export_requested(EVE)])
    await answer_all(database)
    of_ann, of_eve = await exported(database)
    assert (of_ann.user_id, of_eve.user_id) == (ANN.id, EVE.id)
    for answer in (of_ann, of_eve):
        assert {name: answer.document[name] for name in LISTS} == {name: [] for name in LISTS}
        assert (answer.document["inbox"], answer.document["preferences"]) == (None, None)
    assert of_ann.document["person"] is None


async def test_a_request_that_comes_twice_to_two_workers_is_answered_once(database: AsyncEngine) -> None:
    asked = export_requested(ANN)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(apply_events(database, [asked, asked]))
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(answer_all(database))
    await apply_events(database, [asked])
    await answer_all(database)
    assert len(await exported(database)) == 1
    async with database.connect() as connection:
        assert (await connection.execute(select(export_requests))).all() == []


async def test_an_erasure_drops_an_export_that_is_not_answered_yet(database: AsyncEngine) -> None:
    await apply_events(database, [registered(ANN), export_requested(ANN), erasure_of(ANN)])
    await answer_all(database)
    assert await exported(database) == []


async def test_an_answer_that_somebody_is_erased_beside_is_read_anew(database: AsyncEngine) -> None:
    await apply_events(database, [registered(ANN), registered(EVE), TaskStory().assigned(EVE, ANN)])
    await apply_events(database, [export_requested(ANN)])
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
    )

    async with asyncio.TaskGroup() as group, database.begin() as erasing:
        await hold_off_events(erasing)
        answering = group.create_task(answer_export_request(database))
        async with asyncio.timeout(30):
            while not await erasing.scalar(waiting):
                await asyncio.sleep(0.02)
        await erasing.execute(update(users).where(users.c.id == EVE.id).values(erased_at=now()))
        await erasing.execute(update(notifications).values(actor_id=None, actor_name=None))
    assert answering.result()

    (part,) = await exported(database)
    document: Any = part.document
    assert [row["actor_name"] for row in document["notifications"]] == [None]
    assert EVE.name not in json.dumps(document)


async def test_whose_name_is_still_on_its_way_out_of_an_inbox_is_not_named(database: AsyncEngine) -> None:
    await apply_events(database, [registered(ANN), registered(EVE), TaskStory().assigned(EVE, ANN)])
    async with database.begin() as erasing:
        # The first step of an erasure; the inboxes of others come after it, one by one.
        await erasing.execute(update(users).where(users.c.id == EVE.id).values(erased_at=now()))

    await apply_events(database, [export_requested(ANN)])
    await answer_all(database)

    (part,) = await exported(database)
    document: Any = part.document
    assert [row["actor_name"] for row in document["notifications"]] == [None]
    assert EVE.name not in json.dumps(document)
    assert str(EVE.id) not in json.dumps(document["notifications"])
