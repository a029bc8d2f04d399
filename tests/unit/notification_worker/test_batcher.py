import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from contracts.events import AnyEvent
from notification_worker.consumers.batcher import (
    LARGEST_BATCH,
    AbandonedError,
    ApplyAll,
    Batcher,
    CulpritError,
    leaving_nothing,
)
from tests.support.notification_events import TaskStory, person

JOHN = person("John")


def events(count: int) -> list[AnyEvent]:
    story = TaskStory()
    return [story.moved(JOHN) for _ in range(count)]


def never() -> bool:
    return False


@asynccontextmanager
async def running(apply: ApplyAll) -> AsyncIterator[Batcher]:
    batcher, stop = Batcher(leaving_nothing(apply)), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(batcher.run(stop))
        yield batcher
        stop.set()


async def outcomes(batcher: Batcher, handed_over: Sequence[AnyEvent]) -> list[BaseException | None]:
    return await asyncio.gather(*(batcher.applied(event, never) for event in handed_over), return_exceptions=True)


async def test_what_arrives_while_a_batch_is_written_is_the_next_batch() -> None:
    batches: list[list[AnyEvent]] = []

    async def apply(batch: Sequence[AnyEvent]) -> None:
        batches.append(list(batch))

    handed_over = events(2 * LARGEST_BATCH + 1)
    async with running(apply) as batcher:
        assert await outcomes(batcher, handed_over) == [None] * len(handed_over)
    assert [len(batch) for batch in batches] == [LARGEST_BATCH, LARGEST_BATCH, 1]
    assert [event for batch in batches for event in batch] == handed_over


async def test_an_event_alone_is_applied_at_once() -> None:
    applied: list[AnyEvent] = []

    async def apply(batch: Sequence[AnyEvent]) -> None:
        applied.extend(batch)

    (event,) = events(1)
    async with running(apply) as batcher:
        await batcher.applied(event, never)
        assert applied == [event]


async def test_a_batch_is_halved_until_each_culprit_stands_alone() -> None:
    handed_over = events(20)
    culprits = {handed_over[3].id, handed_over[4].id, handed_over[17].id}
    applied: list[str] = []

    async def apply(batch: Sequence[AnyEvent]) -> None:
        if any(event.id in culprits for event in batch):
            raise ValueError("cannot be applied")
        applied.extend(event.id for event in batch)

    async with running(apply) as batcher:
        results = await outcomes(batcher, handed_over)
    assert applied == [event.id for event in handed_over if event.id not in culprits]
    failed = [result for result in results if result is not None]
    assert [event.id in culprits for event in handed_over] == [result is not None for result in results]
    for failure in failed:
        assert isinstance(failure, CulpritError)
        assert isinstance(failure.__cause__, ValueError)
        assert failure.attempts >= 1


@pytest.mark.parametrize(
    "trouble",
    [
        ConnectionRefusedError(),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.ReadOnlySQLTransactionError("a standby"),
        asyncpg.UndefinedTableError("the schema is behind the code"),
    ],
)
async def test_trouble_of_the_database_makes_a_batch_wait_whole(trouble: Exception) -> None:
    sizes: list[int] = []

    async def apply(batch: Sequence[AnyEvent]) -> None:
        sizes.append(len(batch))
        if len(sizes) < 3:
            raise trouble

    async with running(apply) as batcher:
        assert await outcomes(batcher, events(5)) == [None] * 5
    assert sizes == [5, 5, 5]


async def test_an_event_that_nobody_waits_for_any_more_is_left_out() -> None:
    applied: list[AnyEvent] = []

    async def apply(batch: Sequence[AnyEvent]) -> None:
        applied.extend(batch)

    gone, wanted = events(2)
    async with running(apply) as batcher:
        results = await asyncio.gather(
            batcher.applied(gone, lambda: True), batcher.applied(wanted, never), return_exceptions=True
        )
    assert isinstance(results[0], AbandonedError)
    assert (results[1], applied) == (None, [wanted])


async def test_at_the_stop_the_running_batch_is_finished_and_the_rest_abandoned() -> None:
    began, may_end, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    applied: list[AnyEvent] = []

    async def apply(batch: Sequence[AnyEvent]) -> None:
        began.set()
        await may_end.wait()
        applied.extend(batch)

    first, second = events(2)
    batcher = Batcher(leaving_nothing(apply))
    async with asyncio.TaskGroup() as group:
        group.create_task(batcher.run(stop))
        finished = group.create_task(batcher.applied(first, never))
        await began.wait()

        async def abandoned() -> None:
            with pytest.raises(AbandonedError):
                await batcher.applied(second, never)

        group.create_task(abandoned())
        await asyncio.sleep(0)
        stop.set()
        may_end.set()
        await finished
    assert applied == [first]
    with pytest.raises(AbandonedError):
        await batcher.applied(second, never)
