"""A way to a server that can be cut, stalled and mended, without touching the server that others use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from yarl import URL

_CHUNK = 64 * 1024


class TcpProxy:
    """`url` is the server's address by way of the proxy."""

    def __init__(self, url: str) -> None:
        self._server = URL(url)
        self._open = True
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""
        self.connections = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str, *, open_at_first: bool = True) -> AsyncIterator[Self]:
        """Listen on a free port until the block ends."""
        proxy = cls(url)
        proxy._open = open_at_first
        server = await asyncio.start_server(proxy._pass, "127.0.0.1", 0)
        proxy.url = str(proxy._server.with_host("127.0.0.1").with_port(server.sockets[0].getsockname()[1]))
        try:
            yield proxy
        finally:
            proxy.flow()
            proxy.cut()
            server.close()
            await server.wait_closed()

    def cut(self) -> None:
        """Break every connection at once, and refuse new ones."""
        self._open = False
        self.break_connections()

    def mend(self) -> None:
        """Let new connections through."""
        self._open = True

    def break_connections(self) -> None:
        """Break every connection at once; new ones are let through."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Pass nothing on, and close nothing: a network that swallows everything."""
        self._flowing.clear()

    def flow(self) -> None:
        """End a stall."""
        self._flowing.set()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        self.connections += 1
        self._writers.add(writer)
        try:
            server_reader, server_writer = await asyncio.open_connection(self._server.host, self._server.port)
            self._writers.add(server_writer)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._copy(reader, server_writer))
                    group.create_task(self._copy(server_reader, writer))
            finally:
                self._writers.discard(server_writer)
        finally:
            # Also when it was cut before the server had answered.
            writer.transport.abort()
            self._writers.discard(writer)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing() and (chunk := await reader.read(_CHUNK)):
                await self._flowing.wait()
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()
