from collections import Counter
from datetime import timedelta

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from contracts.socket.frames import NotificationFrame, server_frame
from notification_worker.commands import send_digests
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.send_digests import send_due_digests
from notification_worker.models import inboxes, muted_tasks
from tests.integration.notification_worker.waiting import (
    NOON,
    Watch,
    digests_of,
    hold,
    outcomes_of,
    prefer,
    rows_of,
    waiting,
)
from tests.integration.notification_worker.window import delivered


async def test_what_is_due_becomes_one_notification_whose_members_it_is(database: AsyncEngine) -> None:
    ann = uuid7()
    due = [
        waiting(ann, reasons=["manual"]),
        waiting(ann, type="status_changed", new_status="done", reasons=["assigned", "commented"]),
        waiting(ann, type="invoice_paid", task_id=None, task_title=None, message="Paid", reasons=["requested"]),
    ]
    later = waiting(ann, due_at=NOON + timedelta(hours=1))
    await hold(database, [*due, later])

    assert await send_due_digests(database, clock=Watch()) == 1
    assert await send_due_digests(database, clock=Watch()) == 0

    (digest,) = await digests_of(database, ann)
    assert digest.message == "Your hourly digest: 3 updates"
    assert (digest.seq, digest._mapping["count"], digest.created_at, digest.read_at) == (1, 3, NOON, None)
    assert digest.reasons == ["assigned", "commented", "manual", "requested"]
    assert (digest.task_id, digest.actor_id, digest.link) == (None, None, None)
    assert (digest.event_source, digest.event_id) == ("/notification-worker", f"digest/{digest.id}")
    members = await rows_of(database, "notification_members", notification_id=digest.id)
    assert {member.id for member in members} == {one["id"] for one in due}
    assert [member.id for member in await rows_of(database, "notification_members", notification_id=None)] == [
        later["id"]
    ]
    (head,) = await rows_of(database, "inboxes", user_id=ann)
    assert (head.last_seq, head.unread_count) == (1, 1)
    assert await check_inboxes(database) == []


async def test_a_digest_is_pushed_with_the_number_and_the_count_it_has(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    async with database.begin() as connection:
        await connection.execute(update(inboxes).values(last_seq=7, unread_count=0))
    await send_due_digests(database, clock=Watch())

    (personal,) = await delivered(database)
    frame = server_frame.validate_json(personal.frame)
    assert (personal.user_id, personal.seq) == (ann, 8)
    assert isinstance(frame, NotificationFrame)
    assert (frame.payload.change, frame.payload.type, frame.payload.unread_count) == ("added", "digest", 1)
    assert (frame.payload.message, frame.payload.count) == ("Your hourly digest: 1 update", 1)


async def test_an_hourly_and_a_daily_digest_due_at_once_are_two_with_a_number_each(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann, frequency="daily"), waiting(ann), waiting(ann, frequency="daily")])

    assert await send_due_digests(database, clock=Watch()) == 2

    assert [(one.seq, one.message) for one in await digests_of(database, ann)] == [
        (1, "Your hourly digest: 1 update"),
        (2, "Your daily digest: 2 updates"),
    ]
    assert [personal.seq for personal in await delivered(database)] == [1, 2]
    assert await check_inboxes(database) == []


async def test_nothing_is_sent_before_it_is_due(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])

    assert await send_due_digests(database, clock=Watch(NOON - timedelta(microseconds=1))) == 0
    assert await digests_of(database, ann) == []
    assert await send_due_digests(database, clock=Watch(NOON)) == 1


async def test_a_clock_that_steps_back_by_an_hour_sends_nothing_twice(database: AsyncEngine) -> None:
    ann, watch = uuid7(), Watch()
    first = waiting(ann)
    await hold(database, [first])
    assert await send_due_digests(database, clock=watch) == 1
    watch.now = NOON - timedelta(hours=1)
    second = waiting(ann)
    await hold(database, [second])
    assert await send_due_digests(database, clock=watch) == 0
    watch.now = NOON
    assert await send_due_digests(database, clock=watch) == 1

    once, again = await digests_of(database, ann)
    assert (once.seq, again.seq) == (1, 2)
    for digest, member in ((once, first), (again, second)):
        (one,) = await rows_of(database, "notification_members", notification_id=digest.id)
        assert one.id == member["id"]


async def test_a_task_muted_meanwhile_is_left_out_but_for_being_assigned(database: AsyncEngine) -> None:
    ann, task = uuid7(), uuid7()
    comment, assigned, other = (
        waiting(ann, task_id=task),
        waiting(ann, task_id=task, type="task_assigned", reasons=["assigned"]),
        waiting(ann),
    )
    await hold(database, [comment, assigned, other])
    async with database.begin() as connection:
        await connection.execute(insert(muted_tasks).values(user_id=ann, task_id=task, muted_at=NOON))
        await connection.execute(insert(muted_tasks).values(user_id=uuid7(), task_id=other["task_id"], muted_at=NOON))

    assert await send_due_digests(database, clock=Watch()) == 1

    (digest,) = await digests_of(database, ann)
    members = await rows_of(database, "notification_members")
    assert {member.id for member in members} == {assigned["id"], other["id"]}
    assert digest.message == "Your hourly digest: 2 updates"
    assert await outcomes_of(database, ann) == {comment["event_id"]: "muted"}


async def test_a_type_turned_off_meanwhile_is_left_out_and_without_anything_there_is_no_digest(
    database: AsyncEngine,
) -> None:
    ann = uuid7()
    comment = waiting(ann)
    request = waiting(ann, type="invoice_paid", task_id=None, task_title=None, message="Paid", reasons=["requested"])
    await hold(database, [comment, request])
    await prefer(database, ann, comment_added="off", invoice_paid="off", status_changed="daily")

    assert await send_due_digests(database, clock=Watch()) == 0

    assert await rows_of(database, "notification_members") == []
    assert await rows_of(database, "notifications") == []
    assert await rows_of(database, "outbox") == []
    # A request is no event of a task: nobody can ask why it was not told.
    assert await outcomes_of(database, ann) == {comment["event_id"]: "preference"}
    (head,) = await rows_of(database, "inboxes", user_id=ann)
    assert (head.last_seq, head.unread_count) == (0, 0)


async def test_muted_comes_before_the_preference(database: AsyncEngine) -> None:
    ann = uuid7()
    comment = waiting(ann)
    await hold(database, [comment])
    await prefer(database, ann, comment_added="off")
    async with database.begin() as connection:
        await connection.execute(insert(muted_tasks).values(user_id=ann, task_id=comment["task_id"], muted_at=NOON))
    await send_due_digests(database, clock=Watch())
    assert await outcomes_of(database, ann) == {comment["event_id"]: "muted"}


async def test_a_digest_of_thousands_is_one_and_what_is_beyond_the_bound_is_the_next(
    database: AsyncEngine,
) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann) for _ in range(send_digests.MEMBERS + 50)])

    assert await send_due_digests(database, clock=Watch()) == 1
    assert await send_due_digests(database, clock=Watch()) == 1
    assert await send_due_digests(database, clock=Watch()) == 0

    assert [one._mapping["count"] for one in await digests_of(database, ann)] == [send_digests.MEMBERS, 50]
    assert await check_inboxes(database) == []


async def test_many_people_are_sent_theirs_some_at_a_time(database: AsyncEngine) -> None:
    people = [uuid7() for _ in range(send_digests.PEOPLE + 20)]
    await hold(database, [waiting(person) for person in people for _ in range(2)])

    assert await send_due_digests(database, clock=Watch()) == send_digests.PEOPLE
    assert await send_due_digests(database, clock=Watch()) == 20
    assert await send_due_digests(database, clock=Watch()) == 0

    sent = Counter(personal.user_id for personal in await delivered(database))
    assert sent == Counter(people)


async def test_people_whose_members_are_all_dropped_do_not_hide_those_behind_them(
    database: AsyncEngine,
) -> None:
    silent, ann = [uuid7() for _ in range(send_digests.PEOPLE)], uuid7()
    await hold(database, [waiting(person, due_at=NOON - timedelta(hours=1)) for person in silent])
    await hold(database, [waiting(ann)])
    for person in silent:
        await prefer(database, person, comment_added="off")

    assert await send_due_digests(database, clock=Watch()) == 1

    assert len(await digests_of(database, ann)) == 1
