"""Events that take long, beside the batches."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from contracts.events import AnyEvent
from notification_worker.commands.order import DRAINED, NOBODY
from notification_worker.consumers.batcher import AbandonedError, Batcher, CulpritError
from tests.support.notification_events import TaskStory, person, requested

JOHN = person("John")


@dataclass
class Work:
    """Leaves out the event that is `long`, and what follows it in a batch; that waits until it may end."""

    long: AnyEvent
    culprits: Sequence[AnyEvent] = ()
    began: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    applied: list[AnyEvent] = field(default_factory=list)

    async def apply(self, events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        await asyncio.sleep(0)
        if any(event in self.culprits for event in events):
            raise ValueError("cannot be applied")
        first = events.index(self.long) if self.long in events else len(events)
        left = [event for event in events[first:] if event.partitionkey == self.long.partitionkey]
        self.applied += [event for event in events if event not in left]
        return left

    async def apply_long(self, events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        self.began.set()
        await self.may_end.wait()
        if any(event in self.culprits for event in events):
            raise ValueError("cannot be applied")
        self.applied += events
        return ()


@asynccontextmanager
async def running(work: Work) -> AsyncIterator[tuple[Batcher, asyncio.TaskGroup]]:
    batcher, stop = Batcher(work.apply, work.apply_long), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(batcher.run(stop))
        yield batcher, group
        stop.set()


async def apply(batcher: Batcher, event: AnyEvent) -> None:
    await batcher.applied(event, lambda: False)


async def fail(batcher: Batcher, event: AnyEvent) -> None:
    with pytest.raises(CulpritError):
        await apply(batcher, event)


async def test_an_event_that_takes_long_holds_up_its_own_task_and_no_other() -> None:
    own, other = TaskStory(), TaskStory()
    long, behind, later = own.moved(JOHN), own.moved(JOHN), own.moved(JOHN)
    work = Work(long)
    async with running(work) as (batcher, group):
        waiting = [group.create_task(apply(batcher, event)) for event in (long, behind)]
        before = [other.moved(JOHN) for _ in range(3)]
        for event in before:
            await apply(batcher, event)
        waiting.append(group.create_task(apply(batcher, later)))
        await apply(batcher, last := other.moved(JOHN))

        assert work.applied == [*before, last]
        assert not any(task.done() for task in waiting)
        work.may_end.set()
        await asyncio.gather(*waiting)
        await apply(batcher, after := own.moved(JOHN))
    assert work.applied == [*before, last, long, behind, later, after]


async def test_what_marks_a_place_in_a_queue_waits_for_all_that_takes_long() -> None:
    long, other = TaskStory().moved(JOHN), TaskStory().moved(JOHN)
    mark = requested([NOBODY], kind=DRAINED)
    work = Work(long)
    async with running(work) as (batcher, group):
        telling = group.create_task(apply(batcher, long))
        await apply(batcher, other)
        draining = group.create_task(apply(batcher, mark))
        await apply(batcher, last := TaskStory().moved(JOHN))
        assert not draining.done()
        work.may_end.set()
        await asyncio.gather(telling, draining)
    assert work.applied == [other, last, long, mark]


async def test_a_long_event_that_cannot_be_applied_frees_the_way_for_those_behind_it() -> None:
    story = TaskStory()
    long, behind = story.moved(JOHN), story.moved(JOHN)
    work = Work(long)
    async with running(work) as (batcher, group):
        waiting = [group.create_task(fail(batcher, long)), group.create_task(apply(batcher, behind))]
        await apply(batcher, TaskStory().moved(JOHN))
        work.culprits = [long]
        work.may_end.set()
        await asyncio.gather(*waiting)
    assert work.applied[-1] == behind


async def test_in_a_batch_that_is_halved_the_order_behind_a_long_event_is_kept() -> None:
    story, culprit = TaskStory(), TaskStory().moved(JOHN)
    long, behind = story.moved(JOHN), story.moved(JOHN)
    work = Work(long, culprits=[culprit])
    async with running(work) as (batcher, group):
        waiting = [group.create_task(apply(batcher, long)), group.create_task(fail(batcher, culprit))]
        waiting.append(group.create_task(apply(batcher, behind)))
        await waiting[1]
        await apply(batcher, TaskStory().moved(JOHN))
        assert behind not in work.applied
        work.may_end.set()
        await asyncio.gather(*waiting)
    assert work.applied[-2:] == [long, behind]


async def test_at_the_stop_what_waits_behind_a_long_event_is_abandoned() -> None:
    story = TaskStory()
    long, behind = story.moved(JOHN), story.moved(JOHN)
    work, stop = Work(long), asyncio.Event()
    batcher = Batcher(work.apply, work.apply_long)
    async with asyncio.TaskGroup() as group:
        group.create_task(batcher.run(stop))
        telling = group.create_task(apply(batcher, long))

        async def abandoned() -> None:
            with pytest.raises(AbandonedError):
                await apply(batcher, behind)

        group.create_task(abandoned())
        await work.began.wait()
        stop.set()
        work.may_end.set()
        await telling
