"""How windows connect, and how they come back after a cut: as the page does."""

import asyncio
import random
import time
from dataclasses import dataclass, field

import orjson

from tests.load.generator.crowd import Crowd
from tests.load.generator.http import HttpClient
from tests.load.generator.window import Window

ANSWER_SECONDS = 10.0
BACKOFF_SECONDS, BACKOFF_CAP_SECONDS = 0.5, 30.0
_OK = 200


async def join(crowd: Crowd, window: Window) -> bool:
    """Connect, and wait until the server has taken us in; say whether it has."""
    loop = asyncio.get_running_loop()
    joined: asyncio.Future[bool] = loop.create_future()
    crowd.joined[window.number] = joined
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await loop.create_connection(lambda: window, crowd.host, crowd.port)
            return await joined
    except (OSError, TimeoutError) as error:
        crowd.trouble[f"not joined: {type(error).__name__}"] += 1
        window.abort()
        return False


async def join_all(crowd: Crowd, at_once: int) -> float:
    """Connect all windows, so many at a time; give how long it took."""
    began = time.monotonic()
    windows = iter(crowd.windows)

    async def work() -> None:
        for window in windows:
            while not await join(crowd, window):
                await asyncio.sleep(_backoff(window))

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return time.monotonic() - began


@dataclass
class Storm:
    """`live` and `caught_up` say how long after the cut each window was so."""

    crowd: Crowd
    sync: HttpClient
    live: list[float] = field(default_factory=list)
    caught_up: list[float] = field(default_factory=list)

    async def run(self) -> None:
        """Cut all windows at once, and wait until each is back and has caught up."""
        for window in self.crowd.windows:
            self.crowd.behind.setdefault(window.number, set())
            window.abort()
        cut_at = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for window in self.crowd.windows:
                group.create_task(self._come_back(window, cut_at))

    async def _come_back(self, window: Window, cut_at: float) -> None:
        window.failures = 0
        while True:
            await asyncio.sleep(_backoff(window))
            if await join(self.crowd, window):
                break
        self.live.append(time.monotonic() - cut_at)
        await self.catch_up(window)
        self.caught_up.append(time.monotonic() - cut_at)

    async def catch_up(self, window: Window) -> None:
        """Ask for what was missed until there is an answer; frames that came meanwhile are in it, or come after it."""
        member = self.crowd.members[window.number]
        path = f"/api/notifications/sync?after_seq={window.seq}"
        failures = 0
        while True:
            status, body = await self.sync.send("GET", path, member.token)
            if status == _OK:
                break
            self.crowd.trouble[f"sync answered {status}"] += 1
            await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS * 2**failures))  # noqa: S311 (spreads load)
            failures = min(failures + 1, 6)
        answer = orjson.loads(body)
        for item in answer["items"]:
            self.crowd.note(window, item["task_id"] or "", "sync")
        self.crowd.synced(window, answer["latest_seq"])


async def catch_up_behind(crowd: Crowd, sync: HttpClient) -> int:
    """Let every window that knows itself behind ask for what it missed; say how many those were."""
    behind = [crowd.windows[number] for number in crowd.behind]
    storm = Storm(crowd, sync)
    async with asyncio.TaskGroup() as group:
        for window in behind:
            group.create_task(storm.catch_up(window))
    return len(behind)


def _backoff(window: Window) -> float:
    """Full jitter, as in the page; each failure doubles the bound."""
    bound = min(BACKOFF_SECONDS * 2.0**window.failures, BACKOFF_CAP_SECONDS)
    window.failures += 1
    return random.uniform(0, bound)  # noqa: S311 (spreads load)
