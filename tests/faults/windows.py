"""A window that connects, drops and resumes as the page does, and remembers what was strange."""

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.faults.accounts import Account
from tests.faults.journal import Json
from tests.faults.shown import Shown

HEARTBEAT_SECONDS = 20.0
_ANSWER_SECONDS = 10.0
_BACKOFF_SECONDS = 0.5
_STABLE_SECONDS = 30.0
_PERIOD_SECONDS = 120.0
_SYNC_RETRY_SECONDS = 0.5
_HELD_FRAMES = 1_000
_UNAUTHENTICATED = 4401
_TROUBLES = (OSError, WebSocketException, TimeoutError, ValueError)
_LOG_FRAMES = {"NOTIFICATION", "READ", "UNREAD", "REMOVED"}


@dataclass
class Window:
    """`READY`, then `sync`, then frames one after the other; a frame that leaves a gap waits for another `sync`.

    `oddities` are what no fault excuses. `skipped` says that a gateway left a number out within one connection.
    """

    account: Account
    name: str
    address: str
    choice: random.Random
    backoff_cap: float = 10.0
    live: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    closes: Counter[int] = field(default_factory=Counter)
    oddities: list[str] = field(default_factory=list)
    shown: Shown = field(init=False)
    _socket: ClientConnection | None = None
    _joining: ClientConnection | None = None
    _last_in_connection: int | None = None
    _held: list[Json] = field(default_factory=list)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _syncing: bool = False
    _ponged: float = 0.0

    def __post_init__(self) -> None:
        self.shown = Shown(self.name, self.oddities)

    async def run(self) -> None:
        """Stay connected for ever, and catch up whenever that is asked for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_connected())
            group.create_task(self._keep_caught_up())

    def drop(self) -> None:
        """Lose the network without a goodbye."""
        for socket in (self._socket, self._joining):
            if socket is not None:
                socket.transport.abort()

    def stop_reading(self, *, stopped: bool) -> None:
        if self._socket is not None:
            with suppress(RuntimeError):
                transport = self._socket.transport
                (transport.pause_reading if stopped else transport.resume_reading)()

    def catch_up(self) -> None:
        self._wanted.set()

    @property
    def settled(self) -> bool:
        return self.shown.loaded and not self._wanted.is_set() and not self._syncing and not self._held

    async def _keep_connected(self) -> None:
        attempt = 0
        while True:
            began = time.monotonic()
            socket = await self._join()
            while socket is not None:
                began = time.monotonic()
                socket = await self._be_live(socket)
            attempt = 0 if time.monotonic() - began > _STABLE_SECONDS else attempt + 1
            await asyncio.sleep(self._backoff(attempt))

    def _backoff(self, attempt: int) -> float:
        return self.choice.uniform(0, min(_BACKOFF_SECONDS * 2 ** min(attempt, 10), self.backoff_cap))

    async def _join(self) -> ClientConnection | None:
        """Get a connection that is READY, beside the one that there is, or without one; None when that fails."""
        try:
            if self.account.token_is_old:
                await self.account.renew()
            self._joining = await connect(
                self.address,
                compression=None,
                open_timeout=_ANSWER_SECONDS,
                close_timeout=1,
                ping_interval=None,
                proxy=None,
            )
            await self._joining.send(json.dumps({"type": "AUTH", "payload": {"token": self.account.token}}))
            async with asyncio.timeout(_ANSWER_SECONDS):
                first = json.loads(await self._joining.recv())
            if first["type"] != "READY":
                self.oddities.append(f"{self.name}: {first['type']} came before READY")
        except _TROUBLES as error:
            self.counts[type(error).__name__] += 1
            await self._ended(self._joining)
            return None
        else:
            return self._joining
        finally:
            self._joining = None

    async def _ended(self, socket: ClientConnection | None) -> None:
        if socket is None:
            return
        socket.transport.abort()
        if socket.close_code is not None:
            self.closes[socket.close_code] += 1
        if socket.close_code == _UNAUTHENTICATED:
            await self.account.renew()

    async def _be_live(self, socket: ClientConnection) -> ClientConnection | None:
        """Read until the connection ends or another takes its place; give that one."""
        self._socket, self._last_in_connection = socket, None
        self.live, self._ponged = True, time.monotonic()
        self.counts["connections"] += 1
        self.catch_up()
        async with asyncio.TaskGroup() as group:
            asked: asyncio.Future[float] = asyncio.get_running_loop().create_future()
            reading = group.create_task(self._read(socket, asked))
            leaving = group.create_task(self._leave(asked, reading))
            await asyncio.wait((reading, leaving), return_when=asyncio.FIRST_COMPLETED)
            self.live = leaving.done() and leaving.result() is not None
            if self.live:
                reading.cancel()
                socket.transport.abort()
            else:
                self._socket = None
                await self._ended(socket)
            return await leaving

    async def _leave(self, asked: "asyncio.Future[float]", reading: "asyncio.Task[None]") -> ClientConnection | None:
        """Once asked to, try to join elsewhere for as long as the old connection lives; the last try may outlive it."""
        await asyncio.wait((asked, reading), return_when=asyncio.FIRST_COMPLETED)
        wait, attempt = asked.result() if asked.done() else 0.0, 0
        while not reading.done():
            await asyncio.wait((reading,), timeout=wait)
            if reading.done():
                break
            successor = await self._join()
            if successor is not None:
                return successor
            wait, attempt = self._backoff(attempt), attempt + 1
        return None

    async def _read(self, socket: ClientConnection, asked: "asyncio.Future[float]") -> None:
        try:
            await self._read_on(socket, asked)
        except _TROUBLES as error:
            self.counts[type(error).__name__] += 1

    async def _read_on(self, socket: ClientConnection, asked: "asyncio.Future[float]") -> None:
        next_ping = time.monotonic() + HEARTBEAT_SECONDS * self.choice.uniform(0.5, 1)
        while True:
            try:
                async with asyncio.timeout(max(0.01, next_ping - time.monotonic())):
                    frame = json.loads(await socket.recv())
            except TimeoutError:
                if time.monotonic() - self._ponged > HEARTBEAT_SECONDS + _ANSWER_SECONDS:
                    socket.transport.abort()
                    return
                await socket.send(json.dumps({"type": "PING", "payload": {"seq": self.shown.latest_seq}}))
                next_ping = time.monotonic() + HEARTBEAT_SECONDS
                continue
            match frame["type"]:
                case "PONG":
                    self._ponged = time.monotonic()
                case "RESYNC":
                    self.counts["resync"] += 1
                    self._last_in_connection = None
                    self.catch_up()
                case "RECONNECT":
                    self.counts["handovers"] += 1
                    if not asked.done():
                        asked.set_result(frame["payload"]["after_ms"] / 1000)
                case kind if kind in _LOG_FRAMES:
                    self.counts["frames"] += 1
                    self._order(frame["payload"]["seq"])
                    self._receive(frame)

    def _order(self, seq: int) -> None:
        """Hold what a connection carries against the log's numbers: the next, or one that was there already."""
        last = self._last_in_connection
        if last is not None and seq > last + 1:
            self.oddities.append(f"{self.name}: the gateway skipped {last + 1} to {seq - 1}")
        if last is not None and seq <= last:
            self.counts["repeated"] += 1
            return
        self._last_in_connection = seq

    def _receive(self, frame: Json) -> None:
        if self._syncing or not self.shown.loaded or self._wanted.is_set():
            if len(self._held) < _HELD_FRAMES:
                self._held.append(frame)
            else:
                self._held.clear()
                self.catch_up()
        elif not self.shown.apply(frame):
            self._held.append(frame)
            self.counts["gaps"] += 1
            self.catch_up()

    async def _keep_caught_up(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PERIOD_SECONDS * self.choice.uniform(0.8, 1.2)):
                    await self._wanted.wait()
            self._syncing = True
            self._wanted.clear()
            known = {"after_seq": self.shown.latest_seq} if self.shown.loaded else {}
            answer = await self.account.ask("/api/notifications/sync", **known)
            if answer is None:
                self._wanted.set()
                await asyncio.sleep(_SYNC_RETRY_SECONDS)
            else:
                self._take(answer.json())
            self._syncing = False

    def _take(self, result: Json) -> None:
        self.counts["syncs"] += 1
        self.shown.take(result)
        self._release()

    def _release(self) -> None:
        held, self._held = sorted(self._held, key=lambda frame: frame["payload"]["seq"]), []
        for frame in held:
            if not self.shown.apply(frame):
                self._held.append(frame)
                self._wanted.set()
