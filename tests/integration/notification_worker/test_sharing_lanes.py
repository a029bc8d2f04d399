from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.topology import TASK_LANES, lane_of
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.consumers.batcher import ApplyAll
from tests.integration.notification_worker.window import Window
from tests.integration.notification_worker.workers import Producer, eventually, producing, running_worker
from tests.support.notification_events import TaskStory, person
from tests.support.tcp_proxy import TcpProxy

ANN, JOHN = person("Ann"), person("John")


def story_of_each_lane() -> list[TaskStory]:
    stories: dict[int, TaskStory] = {}
    while len(stories) < TASK_LANES:
        story = TaskStory()
        stories.setdefault(lane_of(story.task.id), story)
    return [stories[lane] for lane in range(TASK_LANES)]


class Record:
    """Which worker applied which event."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database
        self.by_event: dict[str, str] = {}

    def apply(self, worker: str) -> ApplyAll:
        async def apply(batch: Sequence[AnyEvent]) -> None:
            await apply_events(self._database, batch)
            for event in batch:
                self.by_event.setdefault(event.id, worker)

        return apply

    async def who_applies_each_lane(self, producer: Producer, stories: Sequence[TaskStory]) -> list[str]:
        """Move each task once, and name for each lane the worker who noticed."""
        events = [story.moved(JOHN) for story in stories]
        await producer.send(*events)

        async def applied() -> bool:
            return all(event.id in self.by_event for event in events)

        await eventually(applied)
        return [self.by_event[event.id] for event in events]


async def test_two_workers_share_the_lanes_and_the_one_that_stays_takes_them_over(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    stories, record = story_of_each_lane(), Record(database)
    urls = [notification_broker_url]
    async with (
        producing(task_broker_url) as task_service,
        running_worker(urls, database, apply=record.apply("a")),
    ):
        await task_service.send(*(story.created(ANN) for story in stories))
        assert await record.who_applies_each_lane(task_service, stories) == ["a"] * TASK_LANES
        async with running_worker(urls, database, apply=record.apply("b")):

            async def shared() -> bool:
                return await record.who_applies_each_lane(task_service, stories) == ["a", "b"] * (TASK_LANES // 2)

            await eventually(shared)
        # The first let go of half of its lanes, and came back to them as a standby.
        assert await record.who_applies_each_lane(task_service, stories) == ["a"] * TASK_LANES
    window = Window(ANN.id)
    await window.sync(database)
    assert window.seq == sum(story.sequence - 1 for story in stories)
    assert await check_inboxes(database) == []


async def test_a_standby_takes_over_from_a_worker_that_has_lost_the_broker(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    stories, record = story_of_each_lane(), Record(database)
    async with (
        TcpProxy.to(notification_broker_url) as proxy,
        producing(task_broker_url) as task_service,
        running_worker([proxy.url], database, apply=record.apply("a")),
        running_worker([notification_broker_url], database, apply=record.apply("b")),
    ):

        async def shared() -> bool:
            return await record.who_applies_each_lane(task_service, stories) == ["a", "b"] * (TASK_LANES // 2)

        await eventually(shared)
        proxy.cut()
        assert await record.who_applies_each_lane(task_service, stories) == ["b"] * TASK_LANES
        proxy.mend()

        async def shared_again() -> bool:
            return await record.who_applies_each_lane(task_service, stories) == ["b", "a"] * (TASK_LANES // 2)

        await eventually(shared_again)
    assert await check_inboxes(database) == []
