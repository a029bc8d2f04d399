import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from notification_worker.commands import forget_old as forgetting
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.forget_old import forget_old
from notification_worker.commands.mark import Seen, mark_read
from notification_worker.commands.sync_inbox import sync_inbox
from notification_worker.models import held_back_events, inboxes, notifications, removed_notifications
from tests.integration.notification_worker.waiting import NOON, Watch, hold, rows_of, waiting

HISTORY = timedelta(days=30)
OLD = NOON - HISTORY - timedelta(microseconds=1)
NOT_YET = NOON - HISTORY


def notification(user_id: UUID, created_at: datetime, *, read: bool = True, **columns: Any) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "user_id": user_id,
        "seq": 1,
        "type": "invoice_paid",
        "message": "Invoice 7 was paid",
        "reasons": ["requested"],
        "count": 1,
        "created_at": created_at,
        "updated_at": created_at,
        "read_at": NOON if read else None,
        "event_source": "/billing",
        "event_id": str(uuid7()),
        **columns,
    }


async def store(database: AsyncEngine, *rows: dict[str, Any]) -> None:
    async with database.begin() as connection:
        for user_id in {row["user_id"] for row in rows}:
            unread = sum(row["read_at"] is None and row["user_id"] == user_id for row in rows)
            head = insert_or_leave(inboxes).values(user_id=user_id, last_seq=100_000, unread_count=unread)
            await connection.execute(head.on_conflict_do_nothing())
        await connection.execute(insert(notifications), rows)


async def ids(database: AsyncEngine) -> set[UUID]:
    return {row.id for row in await rows_of(database, "notifications")}


async def test_what_was_read_and_is_too_old_goes_and_all_else_stays(database: AsyncEngine) -> None:
    ann, bob = uuid7(), uuid7()
    gone = [notification(ann, OLD), notification(bob, OLD)]
    kept = [notification(ann, NOT_YET), notification(ann, OLD, read=False), notification(bob, NOON)]
    await store(database, *gone, *kept)

    assert await forget_old(database, history=HISTORY, clock=Watch()) == 2
    assert await forget_old(database, history=HISTORY, clock=Watch()) == 0

    assert await ids(database) == {row["id"] for row in kept}
    (head,) = await rows_of(database, "inboxes", user_id=ann)
    assert (head.last_seq, head.unread_count, head.forgotten_seq) == (100_000, 1, 1)
    assert await rows_of(database, "outbox") == []
    assert await check_inboxes(database) == []


async def test_a_window_that_holds_as_unread_what_was_read_and_freed_since_starts_again(database: AsyncEngine) -> None:
    ann = uuid7()
    row = notification(ann, OLD, read=False)
    await store(database, row)
    async with database.begin() as connection:
        await connection.execute(update(inboxes).values(last_seq=1))
    clock = Watch()
    before = await sync_inbox(database, ann, None, history=HISTORY, clock=clock)
    await mark_read(database, ann, [Seen(row["id"])], clock=clock)

    assert await forget_old(database, history=HISTORY, clock=clock) == 1

    after = await sync_inbox(database, ann, before.latest_seq, history=HISTORY, clock=clock)
    assert (after.reset, after.items, after.unread_count) == (True, (), 0)
    present = await sync_inbox(database, ann, after.latest_seq, history=HISTORY, clock=clock)
    assert not present.reset


async def test_members_go_with_their_row_and_what_waits_stays(database: AsyncEngine) -> None:
    ann = uuid7()
    gone, unread = notification(ann, OLD, count=2), notification(ann, OLD, count=2, read=False)
    await store(database, gone, unread)
    member = {"due_at": None, "created_at": OLD}
    await hold(
        database, [waiting(ann, **member, notification_id=row["id"]) for row in (gone, unread) for _ in range(2)]
    )
    still_waits = waiting(ann, created_at=OLD)
    await hold(database, [still_waits])

    assert await forget_old(database, history=HISTORY, clock=Watch()) == 1

    left = await rows_of(database, "notification_members")
    assert sorted(row.notification_id == unread["id"] for row in left) == [False, True, True]
    assert still_waits["id"] in {row.id for row in left}
    assert await check_inboxes(database) == []


async def test_removals_are_forgotten_and_their_largest_number_is_remembered(database: AsyncEngine) -> None:
    ann, bob = uuid7(), uuid7()
    await store(database, notification(ann, NOON), notification(bob, NOON))
    removals = [(ann, 5, OLD), (ann, 7, OLD), (ann, 9, NOT_YET), (bob, 8, NOON)]
    async with database.begin() as connection:
        await connection.execute(
            insert(removed_notifications),
            [
                {"user_id": user_id, "seq": seq, "notification_id": uuid7(), "removed_at": removed_at}
                for user_id, seq, removed_at in removals
            ],
        )

    assert await forget_old(database, history=HISTORY, clock=Watch()) == 2

    assert {row.seq for row in await rows_of(database, "removed_notifications")} == {8, 9}
    heads = {row.user_id: row for row in await rows_of(database, "inboxes")}
    assert (heads[ann].forgotten_seq, heads[bob].forgotten_seq) == (7, 0)
    assert heads[ann].last_seq == 100_000


async def test_a_remembered_number_never_goes_back(database: AsyncEngine) -> None:
    ann = uuid7()
    await store(database, notification(ann, NOON))
    async with database.begin() as connection:
        await connection.execute(update(inboxes).values(forgotten_seq=50))
        await connection.execute(
            insert(removed_notifications).values(user_id=ann, seq=5, notification_id=uuid7(), removed_at=OLD)
        )
    assert await forget_old(database, history=HISTORY, clock=Watch()) == 1
    (head,) = await rows_of(database, "inboxes")
    assert head.forgotten_seq == 50


async def test_events_of_tasks_go_by_their_age_with_who_was_not_told(database: AsyncEngine) -> None:
    ann = uuid7()
    old, young = waiting(ann), waiting(ann)
    await hold(database, [old, young])
    async with database.begin() as connection:
        for member, recorded_at in ((old, OLD), (young, NOT_YET)):
            event = {"event_source": member["event_source"], "event_id": member["event_id"]}
            await connection.execute(
                text("UPDATE task_events SET recorded_at = :recorded_at WHERE event_id = :event_id"),
                {"recorded_at": recorded_at, "event_id": member["event_id"]},
            )
            await connection.execute(insert(held_back_events).values(**event, user_id=ann, outcome="muted"))

    assert await forget_old(database, history=HISTORY, clock=Watch()) == 1

    assert [row.event_id for row in await rows_of(database, "task_events")] == [young["event_id"]]
    assert [row.event_id for row in await rows_of(database, "held_back_events")] == [young["event_id"]]


async def test_a_busy_inbox_is_passed_by_and_found_again(database: AsyncEngine) -> None:
    ann, bob = uuid7(), uuid7()
    await store(database, notification(ann, OLD), notification(bob, OLD))
    async with database.begin() as connection:
        for user_id in (ann, bob):
            removal = insert(removed_notifications).values(user_id=user_id, seq=5, notification_id=uuid7())
            await connection.execute(removal.values(removed_at=OLD))
    async with asyncio.timeout(30), database.begin() as connection:
        await connection.execute(text("SELECT 1 FROM inboxes WHERE user_id = :ann FOR UPDATE"), {"ann": ann})
        assert await forget_old(database, history=HISTORY, clock=Watch()) == 2
    assert {row.user_id for row in await rows_of(database, "notifications")} == {ann}
    assert {row.user_id for row in await rows_of(database, "removed_notifications")} == {ann}
    assert await forget_old(database, history=HISTORY, clock=Watch()) == 2
    assert await ids(database) == set()


async def test_no_transaction_frees_more_than_its_bound(database: AsyncEngine) -> None:
    """Each transaction writes its own number into what a trigger sees deleted."""
    ann = uuid7()
    many = [notification(ann, OLD - timedelta(seconds=number)) for number in range(2 * forgetting.ROWS + 5)]
    large = [notification(ann, OLD - timedelta(days=1, seconds=number), count=400) for number in range(5)]
    await store(database, *many, *large)
    async with database.begin() as connection:
        for statement in (
            "CREATE TABLE freed (transaction xid8, members integer)",
            (
                "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " INSERT INTO freed VALUES (pg_current_xact_id(), OLD.count); RETURN OLD; END $$"
            ),
            "CREATE TRIGGER note BEFORE DELETE ON notifications FOR EACH ROW EXECUTE FUNCTION note()",
        ):
            await connection.execute(text(statement))

    assert await forget_old(database, history=HISTORY, clock=Watch()) == len(many) + len(large)

    async with database.connect() as connection:
        found = await connection.execute(text("SELECT sum(members) FROM freed GROUP BY transaction"))
        sizes = found.scalars().all()
    assert max(sizes) <= forgetting.ROWS
    assert sum(sizes) == len(many) + 5 * 400


async def test_a_stop_ends_the_round_after_the_transaction_under_way(database: AsyncEngine) -> None:
    ann = uuid7()
    await store(database, *(notification(ann, OLD) for _ in range(forgetting.ROWS + 1)))
    stop = asyncio.Event()
    stop.set()
    assert await forget_old(database, history=HISTORY, clock=Watch(), stop=stop) == forgetting.ROWS
    assert len(await ids(database)) == 1


async def test_all_inboxes_are_gone_through_however_many(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "PEOPLE", 7)
    people = [uuid7() for _ in range(50)]
    await store(database, *(notification(person, OLD) for person in people[::5]), *(notification(people[1], NOON),))
    assert await forget_old(database, history=HISTORY, clock=Watch()) == 10


async def test_two_at_once_free_everything_once(database: AsyncEngine) -> None:
    people = [uuid7() for _ in range(40)]
    await store(database, *(notification(person, OLD) for person in people for _ in range(5)))
    async with asyncio.TaskGroup() as group:
        both = [group.create_task(forget_old(database, history=HISTORY, clock=Watch())) for _ in range(2)]
    rest = await forget_old(database, history=HISTORY, clock=Watch())
    assert sum(one.result() for one in both) + rest == 200
    assert await ids(database) == set()
