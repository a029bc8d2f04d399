"""Wake-ups: at once, few, and never a burden to whoever sends them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from infra.outbox.listener import WakeUpListener
from infra.outbox.wake_up import DEBOUNCE_SECONDS, WakeUp
from tests.integration.infra.relays import CHANNEL, DEADLINE_SECONDS

END = "end"
SEVERAL = 10


class Ear:
    """Hears what is notified, in order."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._news = asyncio.Event()

    def hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self.heard.append(str(payload))
        self._news.set()

    async def until(self, times: int) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(self.heard) < times:
                self._news.clear()
                await self._news.wait()

    async def until_end(self) -> None:
        while END not in self.heard:
            await self.until(len(self.heard) + 1)


@asynccontextmanager
async def running_wake_up(database_url: str) -> AsyncIterator[WakeUp]:
    wake_up, stop = WakeUp(database_url, channel=CHANNEL), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(wake_up.run(stop))
        try:
            yield wake_up
        finally:
            stop.set()


async def test_many_wake_ups_at_once_are_sent_as_one(outbox_url: str, database: asyncpg.Connection) -> None:
    ear = Ear()
    await database.add_listener(CHANNEL, ear.hear)
    async with running_wake_up(outbox_url) as wake_up:
        for _ in range(1_000):
            wake_up.notify()
        await ear.until(1)
        for _ in range(1_000):
            wake_up.notify()
        await ear.until(2)
    await database.execute(f"NOTIFY {CHANNEL}, '{END}'")
    await ear.until(3)

    assert ear.heard == ["", "", END]


async def test_steady_asking_sends_no_more_than_one_wake_up_in_each_debounce(
    outbox_url: str, database: asyncpg.Connection
) -> None:
    ear, loop = Ear(), asyncio.get_running_loop()
    await database.add_listener(CHANNEL, ear.hear)
    began = loop.time()
    async with running_wake_up(outbox_url) as wake_up, asyncio.timeout(DEADLINE_SECONDS):
        while len(ear.heard) < SEVERAL:
            wake_up.notify()
            await asyncio.sleep(0.001)
    most = (loop.time() - began) / DEBOUNCE_SECONDS + 1
    await database.execute(f"NOTIFY {CHANNEL}, '{END}'")
    await ear.until_end()

    assert SEVERAL <= len(ear.heard) - 1 <= most


async def test_a_wake_up_is_sent_after_the_connection_was_lost(outbox_url: str, database: asyncpg.Connection) -> None:
    ear = Ear()
    await database.add_listener(CHANNEL, ear.hear)
    async with running_wake_up(outbox_url) as wake_up:
        wake_up.notify()
        await ear.until(1)
        ended = await database.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name LIKE 'wake-up%' AND datname = current_database()"
        )
        wake_up.notify()
        await ear.until(2)

    assert ended == 1


async def test_asking_for_a_wake_up_without_a_database_disturbs_nobody() -> None:
    async with running_wake_up("postgresql://nobody@127.0.0.1:1/none") as wake_up:
        for _ in range(100):
            wake_up.notify()
            await asyncio.sleep(0)


async def test_a_listener_hears_again_after_its_connection_was_lost(
    outbox_url: str, database: asyncpg.Connection
) -> None:
    listener, stop = WakeUpListener(outbox_url, channel=CHANNEL), asyncio.Event()
    async with asyncio.TaskGroup() as group, asyncio.timeout(DEADLINE_SECONDS):
        group.create_task(listener.run(stop))
        # It says so itself when it begins to listen, since it may have missed something.
        await listener.heard.wait()
        listener.heard.clear()
        await database.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'listener%' AND datname = current_database()"
        )
        await listener.heard.wait()
        listener.heard.clear()
        await database.execute(f"NOTIFY {CHANNEL}")
        await listener.heard.wait()
        stop.set()
