"""All gateways restarted, one after the other, with 5,000 windows open: `python -m tests.faults.rolling_gateways`.

The windows come back as the page does. Printed: how many were without a connection at once, for how long one was at
most, and how many saw anything that a page would show its person.
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from contracts.topology import WS_GATEWAY
from infra.local.ports import free_ports
from tests.faults.links import Link
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
_SAMPLE_SECONDS = 0.02


@dataclass
class Crowd:
    url: str
    live: int = 0
    most_without: int = 0
    longest_without: float = 0.0
    shown: int = 0
    closes: Counter[str] = field(default_factory=Counter)

    async def window(self, token: str, joined: asyncio.Event, turn: asyncio.Semaphore) -> None:
        """Be a page for ever; the first connections are made a few at a time."""
        attempt, lost_at = 0, float("inf")
        while True:
            try:
                async with AsyncExitStack() as stack:
                    if not joined.is_set():
                        await stack.enter_async_context(turn)
                    socket = await self._join(token)
                self._count_absence(time.monotonic() - lost_at)
                joined.set()
                attempt = 0 if await self._live(socket) else 1
            except (OSError, WebSocketException, TimeoutError) as error:
                self.closes[type(error).__name__] += 1
                attempt += 1
                lost_at = min(lost_at, time.monotonic())
            else:
                lost_at = time.monotonic()
            if attempt:
                bound = min(_BACKOFF_SECONDS * 2**attempt, _CAP_SECONDS)
                await asyncio.sleep(random.uniform(0, bound))  # noqa: S311 (spreads load)

    async def _join(self, token: str) -> ClientConnection:
        socket = await connect(
            self.url, compression=None, ping_interval=None, open_timeout=_ANSWER_SECONDS, close_timeout=1
        )
        await socket.send(json.dumps({"type": "AUTH", "payload": {"token": token}}))
        async with asyncio.timeout(_ANSWER_SECONDS):
            first = json.loads(await socket.recv())
        if first["type"] != "READY":
            self.closes[first["type"]] += 1
        return socket

    async def _live(self, socket: ClientConnection) -> bool:
        """Read until the connection ends; say whether the gateway had asked to go elsewhere."""
        self.live += 1
        try:
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] == "RECONNECT":
                    await asyncio.sleep(frame["payload"]["after_ms"] / 1000)
                    self.closes["handed over"] += 1
                    return True
            self.closes[str(socket.close_code)] += 1
            return False
        finally:
            self.live -= 1
            socket.transport.abort()

    def _count_absence(self, seconds: float) -> None:
        if seconds > 0:
            self.longest_without = max(self.longest_without, seconds)
            self.shown += seconds > SHOWN_SECONDS

    async def watch(self, count: int) -> None:
        while True:
            self.most_without = max(self.most_without, count - self.live)
            await asyncio.sleep(_SAMPLE_SECONDS)


async def main(count: int, home: Path) -> int:
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(Servers.started(home))
        signer = Signer()
        jwks = stack.enter_context(published(signer))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        gateways = [_gateway(number, servers, home, jwks, count) for number in range(1, GATEWAYS + 1)]
        watch = Watch(gateways)
        balancer = Link.listening("balancer", lambda: watch.ports("gateway"), free_ports(1)[0])
        crowd = Crowd(f"ws://127.0.0.1:{(await stack.enter_async_context(balancer)).port}/ws")
        async with asyncio.TaskGroup() as group:
            supervised = [group.create_task(gateway.supervise()) for gateway in gateways]
            for gateway in gateways:
                await gateway.until_ready(http, seconds=START_SECONDS)
            live = [group.create_task(watch.run())]
            turn, joined = asyncio.Semaphore(_AT_ONCE), [asyncio.Event() for _ in range(count)]
            live += [group.create_task(crowd.window(signer.token(uuid4()), each, turn)) for each in joined]
            for each in joined:
                await each.wait()
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
    with tempfile.TemporaryDirectory(prefix="taskify-rolling-") as folder:
        Path(folder).chmod(0o755)
        sys.exit(uvloop.run(main(chosen.windows, Path(folder) / "home")))
