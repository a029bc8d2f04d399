from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.erasures import finish_erasures, note_sent, note_swept, people_gone_from_the_stream
from notification_worker.commands.stream_padding import StreamLimits, finish_padding, note_padded, padding_left
from notification_worker.models import erasures, outbox
from tests.integration.notification_worker.answers import completed, counts, erasure_of
from tests.support.notification_events import TaskStory, person, registered

ANN, BEN, EVE, JOHN = person("Ann"), person("Ben"), person("Eve"), person("John")
LIMITS = StreamLimits(segment_bytes=1_000)
BEGIN = datetime(2030, 1, 1, 12, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


async def relay_all(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        await connection.execute(delete(outbox))


async def pad(database: AsyncEngine, minutes: float) -> bool:
    """Do at a moment what a worker does then; say whether there was something to pad."""
    await note_sent(database, after(minutes))
    left = await padding_left(database, LIMITS, after(minutes))
    if left is None:
        return False
    await note_padded(database, left)
    await finish_padding(database, LIMITS, after(minutes))
    return True


async def states(database: AsyncEngine) -> dict[UUID, str]:
    async with database.connect() as connection:
        found = await connection.execute(select(erasures))
        return {
            row.user_id: "gone" if row.gone_at else "closed" if row.closed_at else "sent" if row.sent_at else "waits"
            for row in found
        }


async def test_two_paddings_with_the_age_between_them_bring_a_name_out_of_the_stream(database: AsyncEngine) -> None:
    await apply_events(database, [erasure_of(ANN)])
    await relay_all(database)
    assert [await pad(database, minute) for minute in (0, 0.5, 1, 10, 20.9)] == [True, False, False, False, False]
    assert await states(database) == {ANN.id: "closed"}
    assert await pad(database, 21.1)
    assert await states(database) == {ANN.id: "gone"}
    assert [await pad(database, minute) for minute in (22, 60)] == [False, False]


async def test_no_padding_begins_before_all_deliveries_with_the_name_have_left(database: AsyncEngine) -> None:
    await apply_events(database, [registered(EVE), TaskStory().assigned(ANN, EVE), erasure_of(ANN)])
    assert not await pad(database, 0)
    assert await states(database) == {ANN.id: "waits"}
    await relay_all(database)
    # What is written after the erasure is not waited for.
    await apply_events(database, [TaskStory().assigned(JOHN, EVE)])
    assert await pad(database, 1)
    assert await states(database) == {ANN.id: "closed"}


async def test_erasures_share_paddings_and_paddings_keep_a_distance(database: AsyncEngine) -> None:
    await apply_events(database, [erasure_of(ANN), erasure_of(BEN)])
    await relay_all(database)
    assert await pad(database, 0)
    assert await states(database) == {ANN.id: "closed", BEN.id: "closed"}
    await apply_events(database, [erasure_of(EVE)])
    await relay_all(database)
    assert [await pad(database, minute) for minute in (0.2, 0.9)] == [False, False]
    # The one for Eve is not old enough for the others; that of the others closes nothing any more.
    assert await pad(database, 1)
    assert await states(database) == {ANN.id: "closed", BEN.id: "closed", EVE.id: "closed"}
    assert await pad(database, 21.5)
    assert await states(database) == {ANN.id: "gone", BEN.id: "gone", EVE.id: "closed"}
    assert await pad(database, 22.5)
    assert set((await states(database)).values()) == {"gone"}


async def test_a_padding_that_was_broken_off_goes_on_and_serves_who_waited_when_it_began(
    database: AsyncEngine,
) -> None:
    await apply_events(database, [erasure_of(ANN)])
    await relay_all(database)
    await note_sent(database, after(0))
    assert await padding_left(database, LIMITS, after(0)) == 1_000
    await note_padded(database, 400)
    await apply_events(database, [erasure_of(BEN)])
    await relay_all(database)
    await note_sent(database, after(1))
    assert await padding_left(database, LIMITS, after(2)) == 600
    await note_padded(database, 700)
    assert await padding_left(database, LIMITS, after(3)) == 0
    await finish_padding(database, LIMITS, after(3))
    assert await states(database) == {ANN.id: "closed", BEN.id: "sent"}
    await finish_padding(database, LIMITS, after(30))
    assert await states(database) == {ANN.id: "closed", BEN.id: "sent"}


@pytest.mark.parametrize("minute", [21.1, 40])
async def test_both_answers_say_what_was_removed_and_the_last_that_nothing_is_pending(
    database: AsyncEngine, minute: float
) -> None:
    story = TaskStory()
    await apply_events(database, [registered(ANN), registered(EVE), story.created(ANN), story.assigned(JOHN, ANN)])
    await apply_events(database, [TaskStory().assigned(ANN, EVE), story.moved(JOHN)])
    erasure = erasure_of(ANN)
    await apply_events(database, [erasure, erasure], clock=lambda: after(0))
    (first,) = await completed(database)
    assert (first.erasure_id, first.user_id, first.service) == (erasure.data.erasure_id, ANN.id, "notification-worker")
    removed = {"notifications": 2, "watched_tasks": 1, "task_events": 2, "names_in_inboxes_of_others": 1}
    assert counts(first) == removed
    assert [(one.what, one.gone_by) for one in first.pending] == [
        ("dead_letters", after(30)),
        ("delivery_stream", after(30)),
    ]
    await relay_all(database)
    assert [await pad(database, each) for each in (0, minute)] == [True, True]
    # Nobody has looked for letters yet.
    assert await people_gone_from_the_stream(database) == frozenset()
    await note_swept(database, {ANN.id: 3}, after(minute))
    assert await people_gone_from_the_stream(database) == {ANN.id}
    assert await finish_erasures(database, {ANN.id: 1}, after(minute)) == 1
    (last,) = await completed(database)
    assert counts(last) == removed | {"dead_letters": 4}
    assert last.pending == ()
    assert await states(database) == {}


async def test_an_erasure_without_a_receipt_is_brought_to_its_end_in_silence(database: AsyncEngine) -> None:
    erasure = erasure_of(ANN)
    without = erasure.model_copy(update={"data": erasure.data.model_copy(update={"erasure_id": None})})
    await apply_events(database, [without])
    await relay_all(database)
    assert [await pad(database, minute) for minute in (0, 22)] == [True, True]
    await note_swept(database, {ANN.id: 0}, after(22))
    assert await finish_erasures(database, {ANN.id: 0}, after(22)) == 1
    assert await completed(database) == []
