"""The system that is broken, the people in it, and what breaks it."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import aio_pika
import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from contracts.topology import DELIVERIES, NOTIFICATION_WORKER
from tests.faults.parts import Part
from tests.faults.silence import NO_ANSWER
from tests.faults.system import System
from tests.support.people import Person, Window

FRAME_BYTES = 30_000
FRAMES = 60
_RECEIVE_BUFFER_BYTES = 4_096
_CHANGE_SECONDS = 0.25
_HEARTBEAT_SECONDS = 5.0
_REQUEST_SECONDS = 5.0


@dataclass
class Scene:
    """`ann` makes changes all the time that `john` is told of."""

    system: System
    http: httpx.AsyncClient
    ann: Person
    john: Person
    changes: int = field(default=0)

    async def keep_changing(self, task_id: str) -> None:
        """Change something four times a second, whatever is answered; for ever."""
        while True:
            with suppress(AssertionError, *NO_ANSWER):
                async with asyncio.timeout(_REQUEST_SECONDS):
                    await self.ann.comment(task_id, f"Change {self.changes}")
                    await self.ann.create_task(f"Task {self.changes}", assignee_id=self.john.id)
                self.changes += 1
            await asyncio.sleep(_CHANGE_SECONDS)

    async def keep_proving(self, window: Window) -> None:
        """Send heartbeats, often enough for rates of seconds, until the window is lost."""
        with suppress(AssertionError, ConnectionClosed):
            while True:
                await asyncio.sleep(_HEARTBEAT_SECONDS)
                await window.prove()

    @asynccontextmanager
    async def frozen(self, *kinds: str) -> AsyncIterator[None]:
        """Freeze all processes of some kinds."""
        parts = [part for kind in kinds for part in self.system.of(kind)]
        for part in parts:
            part.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for part in parts:
                part.signal(signal.SIGCONT)

    @asynccontextmanager
    async def cut(self, kind: str, server: str) -> AsyncIterator[None]:
        """Cut all ways from a kind of process to a server."""
        links = [link for link in self.system.links if link.name.startswith(kind) and link.name.endswith(f"- {server}")]
        assert links, (kind, server)
        for link in links:
            link.cut()
        try:
            yield
        finally:
            for link in links:
                link.mend()

    @asynccontextmanager
    async def slow(self, kind: str, server: str, seconds: float) -> AsyncIterator[None]:
        """Hold up everything between a kind of process and a server."""
        links = [link for link in self.system.links if link.name.startswith(kind) and link.name.endswith(f"- {server}")]
        for link in links:
            link.delay = seconds
        try:
            yield
        finally:
            for link in links:
                link.mend()

    @asynccontextmanager
    async def restarted(self, part: Part, **environment: str) -> AsyncIterator[None]:
        """Start a process again with other settings, and at the end with its own."""
        own = dict(part.environment)
        part.environment.update(environment)
        part.kill()
        try:
            yield
        finally:
            part.environment.clear()
            part.environment.update(own)
            part.kill()

    async def publish(self, user: str, exchange: str, routing_key: str, body: bytes, kind: str = "") -> None:
        """Send a message as a service does."""
        async with await aio_pika.connect(self.system.servers.broker_url(user)) as connection:
            to = await (await connection.channel()).get_exchange(exchange, ensure=False)
            await to.publish(aio_pika.Message(body, type=kind or None, user_id=user), routing_key)

    async def deliver(self, size: int) -> None:
        """Have the gateways push a frame of some bytes to John, newer than all others."""
        payload = {"seq": 10**9, "ids": [], "unread_count": 0, "padding": "x" * size}
        frame = json.dumps({"type": "REMOVED", "payload": payload})
        body = json.dumps({"frames": [{"user_id": self.john.id, "seq": 10**9, "frame": frame}]}).encode()
        await self.publish(NOTIFICATION_WORKER, DELIVERIES, "", body, "taskify.delivery.v1")

    async def socket(self, stack: AsyncExitStack, gateway: Part) -> ClientConnection:
        """Open a socket of John's at one gateway that does nothing by itself and has little room in the kernel."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", gateway.port))
        address = f"ws://127.0.0.1:{gateway.port}/ws"
        opened = connect(address, sock=raw, compression=None, ping_interval=None, max_queue=1, close_timeout=1)
        connection = await stack.enter_async_context(opened)
        await connection.send(json.dumps({"type": "AUTH", "payload": {"token": self.john.token}}))
        assert json.loads(await connection.recv())["type"] == "READY"
        return connection
