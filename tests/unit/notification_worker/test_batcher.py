import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import pytest

from contracts.events import AnyEvent
from notification_worker.commands.order import DRAINED, NOBODY
from notification_worker.consumers.batcher import (
    LARGEST_BATCH,
    AbandonedError,
    ApplyAll,
    Batcher,
    CulpritError,
    leaving_nothing,
)
from tests.support.notification_events import TaskStory, person, requested

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
        finished = batcher.applied(first, never)
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


@dataclass
class Held:
    """Applies nothing before it is let."""

    under_way: list[list[AnyEvent]] = field(default_factory=list)
    applied: list[AnyEvent] = field(default_factory=list)
    _may_end: dict[str, asyncio.Event] = field(default_factory=dict)

    async def apply(self, batch: Sequence[AnyEvent]) -> None:
        self.under_way.append(list(batch))
        may_end = self._may_end[batch[0].id] = asyncio.Event()
        await may_end.wait()
        self.under_way.remove(list(batch))
        self.applied.extend(batch)

    async def end(self, batch: Sequence[AnyEvent]) -> None:
        self._may_end[batch[0].id].set()
        await turns()


async def turns() -> None:
    """Let everything happen that waits for nothing else."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_backlog_is_applied_in_two_batches_at_a_time_and_what_comes_slowly_in_one() -> None:
    held, backlog = Held(), [TaskStory().moved(JOHN) for _ in range(3 * LARGEST_BATCH)]
    first, second, third = (backlog[start : start + LARGEST_BATCH] for start in range(0, len(backlog), LARGEST_BATCH))
    async with running(held.apply) as batcher:
        all_applied = [batcher.applied(event, never) for event in backlog]
        await turns()
        assert held.under_way == [first, second]
        await held.end(second)
        assert held.under_way == [first, third]
        await held.end(third)
        late = TaskStory().moved(JOHN)
        all_applied.append(batcher.applied(late, never))
        await turns()
        assert held.under_way == [first]
        await held.end(first)
        assert held.under_way == [[late]]
        await held.end([late])
        await asyncio.gather(*all_applied)
    assert held.applied == [*second, *third, *first, late]


async def test_what_comes_behind_a_batch_under_way_waits_for_it_and_keeps_its_place() -> None:
    story, held = TaskStory(), Held()
    first = [story.moved(JOHN) for _ in range(LARGEST_BATCH)]
    behind = [story.moved(JOHN) for _ in range(LARGEST_BATCH - 1)]
    other = [TaskStory().moved(JOHN) for _ in range(2)]
    async with running(held.apply) as batcher:
        all_applied = [batcher.applied(event, never) for event in (*first, *behind, *other)]
        await turns()
        assert held.under_way == [first, other[:1]]
        await held.end(other[:1])
        assert held.under_way == [first, other[1:]]
        await held.end(other[1:])
        assert held.under_way == [first]
        await held.end(first)
        assert held.under_way == [behind]
        await held.end(behind)
        await asyncio.gather(*all_applied)
    assert held.applied == [*other, *first, *behind]


async def test_what_marks_a_place_in_a_queue_waits_for_both_batches() -> None:
    held, mark = Held(), requested([NOBODY], kind=DRAINED)
    backlog = [TaskStory().moved(JOHN) for _ in range(2 * LARGEST_BATCH)]
    first, second = backlog[:LARGEST_BATCH], backlog[LARGEST_BATCH:]
    after = [TaskStory().moved(JOHN) for _ in range(LARGEST_BATCH)]
    async with running(held.apply) as batcher:
        handed_over: list[AnyEvent] = [*backlog, mark, *after]
        all_applied = [batcher.applied(event, never) for event in handed_over]
        await turns()
        await held.end(first)
        assert held.under_way == [second, after[:-1]]
        await held.end(second)
        assert held.under_way == [after[:-1]]
        await held.end(after)
        assert held.under_way == [[mark, after[-1]]]
        await held.end([mark])
        await asyncio.gather(*all_applied)


async def test_at_the_stop_both_batches_are_finished() -> None:
    held, stop = Held(), asyncio.Event()
    backlog = [TaskStory().moved(JOHN) for _ in range(2 * LARGEST_BATCH + 1)]
    batcher = Batcher(leaving_nothing(held.apply))
    async with asyncio.TaskGroup() as group:
        ended = group.create_task(batcher.run(stop))
        all_applied = [batcher.applied(event, never) for event in backlog]
        await turns()
        stop.set()
        await turns()
        assert not ended.done()
        await held.end(backlog)
        await held.end(backlog[LARGEST_BATCH:])
        await ended
    assert held.applied == backlog[:-1]
    assert isinstance(all_applied[-1].exception(), AbandonedError)
