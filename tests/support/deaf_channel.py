"""A way to the broker on which one channel can fall silent while its connection is well."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from yarl import URL

_FRAME_HEADER_BYTES = 7
_FRAME_END_BYTES = 1
_CHANNEL_OPEN = bytes((0, 20, 0, 10))
_ACKNOWLEDGEMENT = bytes((0, 60, 0, 80))
_TAG_BYTES = 8


class DeafChannel:
    """Passes AMQP 0-9-1 frames on (specification, 4.2.3), except what the broker sends on a channel that is silenced.

    `url` is the broker's address by way of this. `acknowledged` holds the delivery tags that were answered for, as they
    came.
    """

    def __init__(self, url: str) -> None:
        self._server = URL(url)
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""
        self.silenced: int | None = None
        self.connections = 0
        self.opened_channels = 0
        self.acknowledged: list[int] = []

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str) -> AsyncIterator[Self]:
        """Listen on a free port until the block ends."""
        way = cls(url)
        server = await asyncio.start_server(way._pass, "127.0.0.1", 0)
        way.url = str(way._server.with_host("127.0.0.1").with_port(server.sockets[0].getsockname()[1]))
        try:
            yield way
        finally:
            for writer in tuple(way._writers):
                writer.transport.abort()
            server.close()
            await server.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.silenced = None
        self._writers.add(writer)
        server_reader, server_writer = await asyncio.open_connection(self._server.host, self._server.port)
        self._writers.add(server_writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask(reader, server_writer))
                group.create_task(self._answer(server_reader, writer))
        finally:
            self._writers -= {writer, server_writer}

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await reader.readexactly(len(b"AMQP") + 4))
            while True:
                frame = await _frame(reader)
                method, arguments = frame[_FRAME_HEADER_BYTES:][:4], frame[_FRAME_HEADER_BYTES:][4:]
                self.opened_channels += method == _CHANNEL_OPEN
                if method == _ACKNOWLEDGEMENT:
                    self.acknowledged.append(int.from_bytes(arguments[:_TAG_BYTES], "big"))
                writer.write(frame)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                frame = await _frame(reader)
                if int.from_bytes(frame[1:3], "big") != self.silenced:
                    writer.write(frame)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readexactly(_FRAME_HEADER_BYTES)
    return header + await reader.readexactly(int.from_bytes(header[3:7], "big") + _FRAME_END_BYTES)
