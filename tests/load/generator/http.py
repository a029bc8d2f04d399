"""Requests over connections that stay open, with nothing around them. Source: RFC 9112 (HTTP/1.1)."""

import asyncio
from collections import deque
from typing import Self, cast
from urllib.parse import urlsplit

ANSWER_SECONDS = 30.0
NO_ANSWER = 0

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"

Answer = tuple[int, bytes]
"""Status and body; `NO_ANSWER` where the connection broke or the time was over."""


class Connection(asyncio.Protocol):
    __slots__ = ("_buffer", "_transport", "_waiting", "is_open")

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._buffer = b""
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        self._buffer = data = self._buffer + data if self._buffer else data
        head, found, body = data.partition(_END_OF_HEAD)
        if not found:
            return
        length = 0
        at = head.lower().find(_LENGTH)
        if at >= 0:
            length = int(head[at + len(_LENGTH) :].partition(b"\r\n")[0])
        if len(body) >= length:
            self._buffer = b""
            self._settle((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (the interface's)
        self.is_open = False
        self._settle((NO_ANSWER, b""))

    async def send(self, request: bytes) -> Answer:
        """Send a request when the one before was answered, and wait for the answer."""
        if self._transport is None or not self.is_open:
            return NO_ANSWER, b""
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        self._transport.write(request)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await waiting
        except TimeoutError:
            self.close()
            return NO_ANSWER, b""

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _settle(self, answer: Answer) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)


class HttpClient:
    """Sends to one server over `most` connections at once; who finds none free waits for one."""

    def __init__(self, origin: str, most: int) -> None:
        parts = urlsplit(origin)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._places = asyncio.Semaphore(most)
        self._idle: deque[Connection] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._idle:
            connection.close()

    async def send(self, method: str, path: str, token: str, body: bytes = b"") -> Answer:
        """Send one request, and give its answer."""
        request = self.request(method, path, token, body)
        async with self._places:
            try:
                connection = await self._connection()
            except OSError:
                return NO_ANSWER, b""
            answer = await connection.send(request)
            if connection.is_open:
                self._idle.append(connection)
            return answer

    def request(self, method: str, path: str, token: str, body: bytes = b"") -> bytes:
        """Make the bytes of a request."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAuthorization: Bearer {token}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        loop = asyncio.get_running_loop()
        _, opened = await loop.create_connection(Connection, self._host, self._port)
        return opened
