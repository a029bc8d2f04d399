"""Windows that come back, as the page's do: when a socket closes they connect again and ask for what they missed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.containers.engine import Compose
from tests.support.people import Person, Window

MOST_WINDOWS = 16
"""Fewer than one person may have, and enough that with two gateways both get one but once in thirty thousand times."""

SPREAD_SECONDS = 300.0
_BACK_SECONDS = 0.3


@dataclass
class ReturningWindow:
    window: Window
    opened: int = 0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self) -> None:
        """Stay open until the stop, over as many sockets as it takes."""
        while not self._stopping.is_set():
            try:
                async with asyncio.TaskGroup() as reading:
                    await self.window.open(reading)
                    self.opened += 1
                    self._open.set()
            except* (OSError, InvalidHandshake, ConnectionClosed):
                pass
            if not self._stopping.is_set():
                await asyncio.sleep(_BACK_SECONDS)

    async def until_open(self) -> None:
        async with asyncio.timeout(SPREAD_SECONDS):
            await self._open.wait()

    async def stop(self) -> None:
        self._stopping.set()
        await self.window.close()


@asynccontextmanager
async def windows_on_all_gateways(person: Person, compose: Compose) -> AsyncIterator[list[ReturningWindow]]:
    """Open windows of a person until every gateway holds one."""
    windows: list[ReturningWindow] = []
    gateways = await compose.containers("gateway")
    deadline = time.monotonic() + SPREAD_SECONDS
    async with asyncio.TaskGroup() as group:
        try:
            while len(windows) < len(gateways) or not all([await gateway.open_windows() for gateway in gateways]):
                assert len(windows) < MOST_WINDOWS, "the front sends all windows to the same gateway"
                assert time.monotonic() < deadline
                one = ReturningWindow(Window(person, person.addresses.socket))
                group.create_task(one.live())
                windows.append(one)
                await one.until_open()
            yield windows
        finally:
            for window in windows:
                await window.stop()
