"""Ways between two parts that can be delayed, cut and made half-open, and the balancer, which is a way to several."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Self

from infra.local.ports import LOOPBACK

_CHUNK = 64 * 1024
_CONNECT_SECONDS = 3.0

Targets = Callable[[], Sequence[int]]
"""Gives the ports to try for a new connection, the best first."""


class Link:
    """Listens on `port` and passes each connection on to a target.

    `delay` holds every chunk up for so long. A link that is cut breaks what is open and refuses what is new. One that
    is half-open swallows everything and tells nobody; when it is mended, those connections break.
    """

    def __init__(self, name: str, targets: Targets) -> None:
        self.name = name
        self.port = 0
        self.delay = 0.0
        self._targets = targets
        self._is_cut = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}
        self._swallowed: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def listening(cls, name: str, targets: Targets, port: int) -> AsyncIterator[Self]:
        link = cls(name, targets)
        server = await asyncio.start_server(link._pass, LOOPBACK, port, backlog=1024)
        link.port = port
        try:
            yield link
        finally:
            link.mend()
            link.break_connections()
            server.close()

    def cut(self) -> None:
        self._is_cut = True
        self.break_connections()

    def half_open(self) -> None:
        """Let the far end be gone without a word: nothing flows, and our end is not told."""
        self._flowing.clear()
        self._swallowed = set(self._open)
        for far in tuple(self._open.values()):
            far.transport.abort()

    def mend(self) -> None:
        self._is_cut, self.delay = False, 0.0
        self._flowing.set()
        for near in self._swallowed:
            near.transport.abort()
        self._swallowed.clear()

    def break_connections(self) -> None:
        for near, far in tuple(self._open.items()):
            near.transport.abort()
            far.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        far_reader, far = await self._connect()
        if far_reader is None or far is None:
            near.transport.abort()
            return
        self._open[near] = far
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, far, near))
                group.create_task(self._copy(far_reader, near, near))
        finally:
            self._open.pop(near, None)
            self._swallowed.discard(near)
            near.transport.abort()
            far.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader | None, asyncio.StreamWriter | None]:
        for port in self._targets():
            if self._is_cut:
                break
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await asyncio.open_connection(LOOPBACK, port)
        return None, None

    async def _copy(self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, near: asyncio.StreamWriter) -> None:
        """Copy one direction; its end is the end of both, except where nobody may notice."""
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flowing.wait()
                to.write(chunk)
                await to.drain()
        await self._flowing.wait()
        if near in self._swallowed:
            near.transport.abort()
        to.transport.abort()
