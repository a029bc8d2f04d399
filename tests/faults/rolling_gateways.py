"""All gateways restarted, one after the other, with 5,000 windows open: `python -m tests.faults.rolling_gateways`.

The windows go elsewhere and come back as the page does. Printed: how many were without a connection at once, for how
long one was at most, and how many saw anything that a page would show its person. They choose a gateway themselves, as
a balancer would for them: one that copied every byte would take the cores that the gateways need.
"""

import argparse
import asyncio
import gc
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from contracts.topology import WS_GATEWAY
from infra.local.ports import free_ports
from tests.faults.parts import START_SECONDS, Part, Watch
from tests.faults.schedule import say
from tests.faults.servers import Servers
from tests.support.tokens import Signer, published

GATEWAYS = 3
ALLOWED_SHARE = 0.1
SHOWN_SECONDS = 10.0
"""A page shows that it is offline only when it had no socket for so long."""

_AT_ONCE = 50
_ANSWER_SECONDS = 10.0
_BACKOFF_SECONDS, _CAP_SECONDS = 0.5, 30.0
_STABLE_SECONDS = 30.0
_SAMPLE_SECONDS = 0.02


@dataclass
class Crowd:
    ports: Callable[[], Sequence[int]]
    """Those of the gateways, the best first."""

    live: int = 0
    most_without: int = 0
    longest_without: float = 0.0
    shown: int = 0
    closes: Counter[str] = field(default_factory=Counter)

    async def connect(self) -> ClientConnection:
        """Connect to the first gateway that listens, or raise what the last one had to say."""
        *ports, last = self.ports()
        for port in ports:
            with suppress(ConnectionRefusedError):
                return await _connect(port)
        return await _connect(last)

    def count_absence(self, seconds: float) -> None:
        self.longest_without = max(self.longest_without, seconds)
        self.shown += seconds > SHOWN_SECONDS

    async def watch(self, count: int) -> None:
        while True:
            self.most_without = max(self.most_without, count - self.live)
            await asyncio.sleep(_SAMPLE_SECONDS)


@dataclass
class Page:
    """Goes elsewhere when it is asked to, and keeps the connection that it has until it has joined there."""

    crowd: Crowd
    token: str
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    _failures: int = 0
    _is_live: bool = False
    _joined_at: float = float("inf")
    _lost_at: float | None = None

    async def run(self, turn: asyncio.Semaphore) -> None:
        """Be a page for ever; the first connections are made a few at a time."""
        while True:
            async with AsyncExitStack() as stack:
                if not self.joined.is_set():
                    await stack.enter_async_context(turn)
                socket = await self._try()
            while socket is not None:
                self.joined.set()
                socket = await self._live(socket)
            if time.monotonic() - self._joined_at > _STABLE_SECONDS:
                self._failures = 0
            await asyncio.sleep(_backoff(self._failures))
            self._failures += 1

    async def _try(self) -> ClientConnection | None:
        """Join a gateway; give None when that fails."""
        try:
            socket = await self.crowd.connect()
        except (OSError, WebSocketException, TimeoutError) as error:
            self.crowd.closes[f"handshake: {type(error).__name__}"] += 1
            return None
        try:
            await socket.send(json.dumps({"type": "AUTH", "payload": {"token": self.token}}))
            async with asyncio.timeout(_ANSWER_SECONDS):
                first = json.loads(await socket.recv())
        except (OSError, WebSocketException, TimeoutError) as error:
            self.crowd.closes[f"no READY: {type(error).__name__}"] += 1
            socket.transport.abort()
            return None
        if first["type"] != "READY":
            self.crowd.closes[first["type"]] += 1
        self._joined_at = time.monotonic()
        return socket

    async def _live(self, socket: ClientConnection) -> ClientConnection | None:
        """Read until the connection ends or another takes its place; give that one."""
        self._count(is_live=True)
        async with asyncio.TaskGroup() as group:
            asked: asyncio.Future[float] = asyncio.get_running_loop().create_future()
            reading = group.create_task(self._read(socket, asked))
            leaving = group.create_task(self._leave(asked, reading))
            await asyncio.wait((reading, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not leaving.done() or leaving.result() is None:
                self._count(is_live=False)
                self.crowd.closes[str(reading.result())] += 1
            else:
                self.crowd.closes["handed over"] += 1
            successor = await leaving
            reading.cancel()
        socket.transport.abort()
        return successor

    def _count(self, *, is_live: bool) -> None:
        if is_live is self._is_live:
            return
        self._is_live = is_live
        self.crowd.live += 1 if is_live else -1
        if not is_live:
            self._lost_at = time.monotonic()
        elif self._lost_at is not None:
            self.crowd.count_absence(time.monotonic() - self._lost_at)

    async def _read(self, socket: ClientConnection, asked: "asyncio.Future[float]") -> int | None:
        """Read until the connection ends; give the code of its close."""
        with suppress(WebSocketException):
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] == "RECONNECT" and not asked.done():
                    asked.set_result(frame["payload"]["after_ms"] / 1_000)
        return socket.close_code

    async def _leave(
        self, asked: "asyncio.Future[float]", reading: "asyncio.Task[int | None]"
    ) -> ClientConnection | None:
        """Once asked to, try to join elsewhere for as long as the old connection lives; the last try may outlive it."""
        await asyncio.wait((asked, reading), return_when=asyncio.FIRST_COMPLETED)
        wait, failures = asked.result() if asked.done() else 0.0, 0
        while not reading.done():
            await asyncio.wait((reading,), timeout=wait)
            if reading.done():
                break
            successor = await self._try()
            if successor is not None:
                return successor
            wait, failures = _backoff(failures), failures + 1
        return None


async def _connect(port: int) -> ClientConnection:
    return await connect(
        f"ws://127.0.0.1:{port}/ws",
        compression=None,
        ping_interval=None,
        proxy=None,
        open_timeout=_ANSWER_SECONDS,
        close_timeout=1,
    )


def _backoff(failures: int) -> float:
    return random.uniform(0, min(_BACKOFF_SECONDS * 2**failures, _CAP_SECONDS))  # noqa: S311 (spreads load)


async def main(count: int, home: Path) -> int:
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(Servers.started(home))
        signer = Signer()
        jwks = stack.enter_context(published(signer))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        gateways = [_gateway(number, servers, home, jwks, count) for number in range(1, GATEWAYS + 1)]
        watch = Watch(gateways)
        crowd = Crowd(lambda: watch.ports("gateway"))
        async with asyncio.TaskGroup() as group:
            supervised = [group.create_task(gateway.supervise()) for gateway in gateways]
            for gateway in gateways:
                await gateway.until_ready(http, seconds=START_SECONDS)
            live = [group.create_task(watch.run())]
            turn, pages = asyncio.Semaphore(_AT_ONCE), [Page(crowd, signer.token(uuid4())) for _ in range(count)]
            live += [group.create_task(page.run(turn)) for page in pages]
            began = time.monotonic()
            for page in pages:
                await page.joined.wait()
            say(f"{count} windows joined, {count / (time.monotonic() - began):.0f} a second")
            live.append(group.create_task(crowd.watch(count)))
            complaints = await _restart_all(gateways, http, count)
            while crowd.live < count:
                await asyncio.sleep(_SAMPLE_SECONDS)
            for task in live:
                task.cancel()
            for gateway in gateways:
                await gateway.stop()
            for task in supervised:
                task.cancel()
    share = crowd.most_without / count
    say(f"at most {crowd.most_without} of {count} windows at once without a connection ({share:.1%})")
    say(f"longest without one: {crowd.longest_without:.1f} s; {crowd.shown} pages showed it")
    say(f"ends of connections: {dict(crowd.closes)}")
    say("\n".join(complaints) or "every gateway stopped by itself, with 0")
    return 1 if complaints or crowd.shown or share > ALLOWED_SHARE else 0


async def _restart_all(gateways: list[Part], http: httpx.AsyncClient, count: int) -> list[str]:
    complaints = []
    for gateway in gateways:
        began = time.monotonic()
        complaint = await gateway.restart()
        say(f"{gateway.name} of {len(gateways)} stopped in {time.monotonic() - began:.1f} s, {count} windows open")
        complaints += [complaint] if complaint else []
        await gateway.until_ready(http, since=began)
        await asyncio.sleep(2)
    return complaints


def _gateway(number: int, servers: Servers, home: Path, jwks: str, count: int) -> Part:
    (port,) = free_ports(1)
    environment = {
        "TASKIFY_HOME": str(home / "no-settings-here"),
        "TASKIFY_SOCKET_PORT": str(port),
        "TASKIFY_JWKS_URL": jwks,
        "TASKIFY_GATEWAY_BROKER_URL": servers.broker_url(WS_GATEWAY),
        # All of them come from this machine.
        "TASKIFY_SOCKET_CONNECTIONS_AN_ADDRESS": str(2 * count),
    }
    return Part(f"gateway-{number}", "gateway", ("ws_gateway",), port, environment, home / f"gateway-{number}.log")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults.rolling_gateways", description=__doc__)
    parser.add_argument("--windows", type=int, default=5_000)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    gc.disable()  # Looking through all the windows again and again would take time from the gateways.
    with tempfile.TemporaryDirectory(prefix="taskify-rolling-") as folder:
        Path(folder).chmod(0o755)
        sys.exit(uvloop.run(main(chosen.windows, Path(folder) / "home")))
