import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from notification_worker import app
from notification_worker.commands import check_inboxes as checking
from notification_worker.commands.check_inboxes import Difference, RowDifference, check_inboxes
from notification_worker.commands.send_digests import send_due_digests
from notification_worker.models import inboxes, notification_members, notifications, removed_notifications
from tests.integration.notification_worker.waiting import Watch, digests_of, hold, rows_of, waiting


async def test_a_number_above_the_inbox_s_own_is_found(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    await send_due_digests(database, clock=Watch())
    async with database.begin() as connection:
        await connection.execute(update(notifications).values(seq=3))
    assert await check_inboxes(database) == [Difference(ann, 1, 1, 1, 3)]


async def test_the_number_of_a_removal_counts_as_well(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    async with database.begin() as connection:
        removal = insert(removed_notifications).values(user_id=ann, seq=4, notification_id=uuid7())
        await connection.execute(removal)
    assert await check_inboxes(database) == [Difference(ann, 0, 0, 0, 4)]


async def test_an_inbox_ahead_of_what_is_left_of_it_is_right(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    async with database.begin() as connection:
        await connection.execute(update(inboxes).values(last_seq=12))
    assert await check_inboxes(database) == []


async def test_a_digest_that_has_lost_a_member_is_found_and_said(
    database: AsyncEngine, notification_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann), waiting(ann)])
    await send_due_digests(database, clock=Watch())
    (digest,) = await digests_of(database, ann)
    member, _ = await rows_of(database, "notification_members")
    async with database.begin() as connection:
        await connection.execute(delete(notification_members).where(notification_members.c.id == member.id))
        await connection.execute(update(inboxes).values(unread_count=4))
    assert await check_inboxes(database) == [Difference(ann, 4, 1, 1, 1), RowDifference(ann, digest.id, 2, 1)]
    assert await app._check(notification_database_url) == 1
    assert capsys.readouterr().out == (
        f"inbox {ann}: counts 4 unread, has 1; is at 1, its latest change is 1\n"
        f"notification {digest.id} of {ann}: counts 2, has 1 members\n"
        "1 inboxes differ from a recount\n"
    )


async def test_a_digest_of_one_needs_its_member_and_a_row_of_one_event_none(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    await send_due_digests(database, clock=Watch())
    (digest,) = await digests_of(database, ann)
    async with database.begin() as connection:
        await connection.execute(delete(notification_members))
    assert await check_inboxes(database) == [RowDifference(ann, digest.id, 1, 0)]
    async with database.begin() as connection:
        await connection.execute(update(notifications).values(type="invoice_paid"))
    assert await check_inboxes(database) == []


async def test_differences_are_found_wherever_the_ranges_are_cut(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "INBOXES", 3)
    monkeypatch.setattr(checking, "ROWS", 2)
    people = sorted(uuid7() for _ in range(9))
    await hold(database, [waiting(person) for person in people for _ in range(2)])
    while await send_due_digests(database, clock=Watch()):
        pass
    assert await check_inboxes(database) == []
    async with database.begin() as connection:
        await connection.execute(update(inboxes).values(unread_count=2))
        await connection.execute(update(notifications).values(count=7))
    found = await check_inboxes(database)
    assert [one.user_id for one in found if isinstance(one, Difference)] == people
    assert {one.user_id for one in found if isinstance(one, RowDifference)} == set(people)
    assert len(found) == 2 * len(people)
