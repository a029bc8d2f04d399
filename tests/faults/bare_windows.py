"""Windows by the thousand in one process: what a page does with its socket (`web/src/realtime/socket.ts`), and no more.

They read and write the frames of RFC 6455 themselves. A window of a client library takes as much processor time for a
handshake as the gateway does, and thousands of real pages bring their own.
"""

import asyncio
import json
import random
import time
from asyncio import Future, Transport
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, cast

SHOWN_SECONDS = 10.0
"""A page shows that it is offline only when it had no socket for so long."""

_REQUEST = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_TEXT, _CLOSE = 1, 8
_GOODBYE = (1_000).to_bytes(2, "big")
_ANSWER_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_HEARTBEAT_SECONDS = 25.0
_BACKOFF_SECONDS, _CAP_SECONDS = 0.5, 30.0
_STABLE_SECONDS = 30.0
_SAMPLE_SECONDS = 0.02


class Connection(asyncio.Protocol):
    """`ready`, `asked` (to go, after so many seconds) and `ended` (with a code) come true as a gateway says so."""

    def __init__(self, token: str) -> None:
        loop = asyncio.get_running_loop()
        self.ready: Future[None] = loop.create_future()
        self.asked: Future[float] = loop.create_future()
        self.ended: Future[int] = loop.create_future()
        self.refused_with = ""
        self._token = token
        self._transport: Transport | None = None
        self._received = bytearray()
        self._is_open = False
        self._unanswered = False
        self._code = 1006

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("Transport", transport)
        self._transport.write(_REQUEST)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._is_open and not self._take_answer():
            return
        while (frame := self._take_frame()) is not None:
            self._take(*frame)

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set_result(self._code)

    def send(self, **frame: Any) -> None:
        self._write(_TEXT, json.dumps(frame).encode())

    def beat(self) -> None:
        """Show that somebody is here, and cut the connection if the gateway does not do the same."""
        self._unanswered = True
        self.send(type="PING", payload={"seq": 0})
        asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self._check_answer)

    def leave(self) -> None:
        """Say goodbye, and cut the connection if the gateway does not."""
        self._write(_CLOSE, _GOODBYE)
        asyncio.get_running_loop().call_later(_CLOSE_SECONDS, self.abort)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _check_answer(self) -> None:
        if self._unanswered:
            self.abort()

    def _take_answer(self) -> bool:
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.refused_with = head[9:12].decode()
            self.abort()
            return False
        self._received, self._is_open = rest, True
        self.send(type="AUTH", payload={"token": self._token})
        return True

    def _take_frame(self) -> tuple[int, bytes] | None:
        received = self._received
        if len(received) < 2:
            return None
        length, start = received[1], 2
        if length == 126:
            length, start = int.from_bytes(received[2:4], "big"), 4
        if len(received) < start + length:
            return None
        opcode, payload = received[0] & 15, bytes(received[start : start + length])
        del received[: start + length]
        return opcode, payload

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _CLOSE:
            self._code = int.from_bytes(payload[:2], "big")
            self._write(_CLOSE, payload[:2])
        elif opcode == _TEXT:
            self._unanswered = False
            frame = json.loads(payload)
            if frame["type"] == "READY":
                self.ready.set_result(None)
            elif frame["type"] == "RECONNECT" and not self.asked.done():
                self.asked.set_result(frame["payload"]["after_ms"] / 1_000)

    def _write(self, opcode: int, payload: bytes) -> None:
        """Write a frame with a mask of zeros."""
        if self._transport is None or self._transport.is_closing():
            return
        size = len(payload)
        length = bytes((128 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        self._transport.write(bytes((128 | opcode,)) + length + bytes(4) + payload)


@dataclass
class Crowd:
    """`ports` are those of the gateways, the best first; `open` counts the connections to each."""

    ports: Callable[["Crowd"], Sequence[int]]
    open: Counter[int] = field(default_factory=Counter)
    live: int = 0
    most_without: int = 0
    longest_without: float = 0.0
    shown: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    async def connect(self, token: str) -> Connection:
        """Connect to the first gateway that listens, or raise what the last one had to say."""
        *ports, last = self.ports(self)
        for port in ports:
            with suppress(ConnectionRefusedError):
                return await self._connect(port, token)
        return await self._connect(last, token)

    async def _connect(self, port: int, token: str) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(token), "127.0.0.1", port)
        self.open[port] += 1
        connection.ended.add_done_callback(lambda _: self.open.subtract((port,)))
        return connection

    def count_absence(self, seconds: float) -> None:
        self.longest_without = max(self.longest_without, seconds)
        self.shown += seconds > SHOWN_SECONDS

    async def watch(self, count: int) -> None:
        while True:
            self.most_without = max(self.most_without, count - self.live)
            await asyncio.sleep(_SAMPLE_SECONDS)


@dataclass
class Window:
    """Goes elsewhere when it is asked to, and keeps the connection that it has until it has joined there."""

    crowd: Crowd
    token: str
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    _failures: int = 0
    _current: Connection | None = None
    _joined_at: float = float("inf")
    _lost_at: float | None = None

    async def run(self, turn: asyncio.Semaphore) -> None:
        """Be a window for ever; the first connections are made a few at a time."""
        while True:
            async with AsyncExitStack() as stack:
                if not self.joined.is_set():
                    await stack.enter_async_context(turn)
                connection = await self._try()
            while connection is not None:
                connection = await self._live(connection)
            if time.monotonic() - self._joined_at > _STABLE_SECONDS:
                self._failures = 0
            await asyncio.sleep(_backoff(self._failures))
            self._failures += 1

    def abort(self) -> None:
        if self._current is not None:
            self._current.abort()

    async def _try(self) -> Connection | None:
        """Join a gateway, and leave the one there was; give None when that fails."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                connection = await self.crowd.connect(self.token)
        except (OSError, TimeoutError) as error:
            self.crowd.ends[f"not joined: {type(error).__name__}"] += 1
            return None
        await asyncio.wait(
            (connection.ready, connection.ended), timeout=_ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if connection.ended.done() or not connection.ready.done():
            connection.abort()
            self.crowd.ends[f"not joined: {connection.refused_with or await connection.ended}"] += 1
            return None
        self._settle(connection)
        return connection

    def _settle(self, connection: Connection) -> None:
        earlier, self._current = self._current, connection
        self._joined_at = time.monotonic()
        if earlier is not None:
            self.crowd.ends["handed over"] += 1
            earlier.leave()
        else:
            self.crowd.live += 1
            if self._lost_at is not None:
                self.crowd.count_absence(self._joined_at - self._lost_at)
        connection.ended.add_done_callback(lambda ended: self._lose(connection, ended.result()))
        # The first beat falls anywhere in its period: windows that came together do not beat together.
        wait = random.uniform(0, _HEARTBEAT_SECONDS)  # noqa: S311 (spreads load)
        asyncio.get_running_loop().call_later(wait, self._beat, connection)
        self.joined.set()

    def _lose(self, connection: Connection, code: int) -> None:
        if connection is self._current:
            self._current, self._lost_at = None, time.monotonic()
            self.crowd.live -= 1
            self.crowd.ends[f"closed with {code}"] += 1

    def _beat(self, connection: Connection) -> None:
        if connection is self._current:
            connection.beat()
            asyncio.get_running_loop().call_later(_HEARTBEAT_SECONDS, self._beat, connection)

    async def _live(self, connection: Connection) -> Connection | None:
        """Stay until the connection ends or another takes its place; give that one.

        Once asked to, try to join elsewhere for as long as the old connection lives; the last try may outlive it.
        """
        await asyncio.wait((connection.asked, connection.ended), return_when=asyncio.FIRST_COMPLETED)
        wait, failures = connection.asked.result() if connection.asked.done() else 0.0, 0
        while not connection.ended.done():
            await asyncio.wait((connection.ended,), timeout=wait)
            if connection.ended.done():
                break
            successor = await self._try()
            if successor is not None:
                return successor
            wait, failures = _backoff(failures), failures + 1
        return None


def _backoff(failures: int) -> float:
    return random.uniform(0, min(_BACKOFF_SECONDS * 2**failures, _CAP_SECONDS))  # noqa: S311 (spreads load)
