import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from infra.database.engine import create_engine
from infra.lifecycle import run_services
from notification_worker.commands.forget_processed import KEPT, ROWS
from notification_worker.models import notifications, processed_events
from notification_worker.schedule import Rhythm, schedule_services
from tests.integration.notification_worker.waiting import (
    NOON,
    Watch,
    accept_rows,
    digests_of,
    hold,
    refuse_rows,
    rows_of,
    waiting,
)
from tests.integration.notification_worker.workers import eventually
from tests.support.tcp_proxy import TcpProxy

HISTORY = timedelta(days=30)
RHYTHM = Rhythm(digests=0.05, age=0.05)
JOBS = {"digests", "age", "processed"}


@dataclass
class BrokenWatch(Watch):
    broken: bool = True

    def __call__(self) -> datetime:
        if self.broken:
            raise LookupError("Ann has no time")
        return self.now


@asynccontextmanager
async def running_schedule(
    database: AsyncEngine, watch: Watch, woken: asyncio.Event | None = None
) -> AsyncIterator[asyncio.Task[int]]:
    stop = asyncio.Event()
    services = schedule_services(database, (woken or asyncio.Event()).set, history=HISTORY, clock=watch, rhythm=RHYTHM)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run_services(services, stop))
        yield running
        stop.set()


async def test_digests_are_sent_when_their_time_comes_and_the_relay_is_woken(database: AsyncEngine) -> None:
    ann, watch, woken = uuid7(), Watch(NOON - timedelta(minutes=1)), asyncio.Event()
    await hold(database, [waiting(ann)])
    async with running_schedule(database, watch, woken) as running:
        await woken.wait()
        assert await digests_of(database, ann) == []
        watch.now = NOON

        async def is_sent() -> bool:
            return len(await digests_of(database, ann)) == 1

        await eventually(is_sent)
        woken.clear()
        await woken.wait()
    assert running.result() == 0
    assert len(await digests_of(database, ann)) == 1


async def test_what_grows_too_old_is_forgotten(database: AsyncEngine) -> None:
    ann, watch = uuid7(), Watch()
    await hold(database, [waiting(ann)])
    async with running_schedule(database, watch) as running:

        async def is_sent() -> bool:
            return len(await digests_of(database, ann)) == 1

        await eventually(is_sent)
        async with database.begin() as connection:
            await connection.execute(update(notifications).values(read_at=NOON))
            await connection.execute(text("UPDATE inboxes SET unread_count = 0"))
        watch.now = NOON + HISTORY + timedelta(seconds=1)

        async def is_forgotten() -> bool:
            return not any(
                [await rows_of(database, table) for table in ("notifications", "notification_members", "task_events")]
            )

        await eventually(is_forgotten)
    assert running.result() == 0


async def test_what_was_processed_long_ago_is_forgotten_and_what_was_lately_is_not(database: AsyncEngine) -> None:
    moments = [*([NOON - KEPT - timedelta(seconds=1)] * (ROWS + 1)), NOON]
    async with database.begin() as connection:
        await connection.execute(
            insert(processed_events),
            [
                {
                    "consumer": "notification_worker",
                    "source": "/billing",
                    "event_id": str(number),
                    "processed_at": moment,
                }
                for number, moment in enumerate(moments)
            ],
        )
    async with running_schedule(database, Watch()) as running:

        async def one_is_left() -> bool:
            return [row.processed_at for row in await rows_of(database, "processed_events")] == [NOON]

        await eventually(one_is_left)
    assert running.result() == 0


async def test_a_database_that_is_away_is_waited_for_and_said(
    notification_database_url: str, database: AsyncEngine
) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    async with TcpProxy.to(notification_database_url) as proxy:
        proxied = create_engine(proxy.url, application_name="schedule")
        proxy.cut()
        with structlog.testing.capture_logs() as logged:
            async with running_schedule(proxied, Watch()) as running:

                async def is_said() -> bool:
                    return {one.get("job") for one in logged if one["event"] == "database_away"} == JOBS

                await eventually(is_said)
                proxy.mend()

                async def is_sent() -> bool:
                    return len(await digests_of(database, ann)) == 1

                await eventually(is_sent)
        assert running.result() == 0
        await proxied.dispose()


async def test_any_other_error_of_a_job_is_said_by_its_kind_and_waited_out(database: AsyncEngine) -> None:
    ann, watch = uuid7(), BrokenWatch()
    await hold(database, [waiting(ann)])
    with structlog.testing.capture_logs() as logged:
        async with running_schedule(database, watch) as running:

            async def is_said() -> bool:
                return {one["job"] for one in logged if one["event"] == "job_failed"} == JOBS

            await eventually(is_said)
            watch.broken = False

            async def is_sent() -> bool:
                return len(await digests_of(database, ann)) == 1

            await eventually(is_sent)
    assert running.result() == 0
    assert {one["error"] for one in logged if one["event"] == "job_failed"} == {"LookupError"}
    assert "Ann" not in str(logged)


async def test_a_deadlock_that_does_not_end_is_waited_out(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    await refuse_rows(database, "40P01", [ann])
    with structlog.testing.capture_logs() as logged:
        async with running_schedule(database, Watch()) as running:

            async def is_said() -> bool:
                return any(one.get("state") == "40P01" for one in logged)

            await eventually(is_said)
            assert not running.done()
            await accept_rows(database)

            async def is_sent() -> bool:
                return len(await digests_of(database, ann)) == 1

            await eventually(is_sent)
    assert running.result() == 0


async def test_a_stop_is_heeded_at_once(database: AsyncEngine) -> None:
    stop = asyncio.Event()
    services = schedule_services(database, lambda: None, history=HISTORY, rhythm=Rhythm(digests=3600, age=3600))
    with structlog.testing.capture_logs() as logged:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(run_services(services, stop))
            stop.set()
    assert running.result() == 0
    assert "service_cancelled" not in {one["event"] for one in logged}
