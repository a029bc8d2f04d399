"""A gateway in the test's own process, clients for it, and what the other services would send it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import aio_pika
import httpx
from uuid_utils.compat import uuid7
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from contracts.deliveries import CONTENT_TYPE, MESSAGE_TYPE, Delivery, PersonalFrame
from contracts.events.user import SessionEnded, SessionEndedData
from contracts.socket.frames import Auth, AuthPayload, IdsPayload, Ping, PingPayload, Removed
from contracts.topology import DELIVERIES, DOMAIN_EVENTS
from infra.local.ports import free_ports
from ws_gateway.app import run
from ws_gateway.settings import GatewaySettings

DEADLINE_SECONDS = 120.0
_POLL_SECONDS = 0.02

Json = dict[str, Any]


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look again and again, up to a deadline, for what no signal tells."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not await holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(_POLL_SECONDS)


@dataclass
class Gateway:
    """`stop` asks it to go; `exit_code` is there when it has."""

    port: int
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    exit_code: int | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def readiness(self) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            return await client.get(f"{self.http}/health/ready")

    async def until_ready(self, *, ready: bool = True) -> None:
        """Wait until the health page says that it is ready, or that it is not."""

        async def answered() -> bool:
            return (await self.readiness()).is_success is ready

        await until(answered, f"the gateway to be {'' if ready else 'not '}ready")

    async def until_listening(self) -> None:
        async def answered() -> bool:
            try:
                await self.readiness()
            except httpx.TransportError:
                return False
            return True

        await until(answered, "the gateway to listen")


@asynccontextmanager
async def running_gateway(
    broker_url: str, jwks_url: str, *, wait_until_ready: bool = True, **limits: Any
) -> AsyncIterator[Gateway]:
    """Run a gateway until the block ends; `limits` replace settings."""
    gateway = Gateway(port=free_ports(1)[0])
    settings = GatewaySettings(
        _env_file=None,
        gateway_broker_url=broker_url,
        jwks_url=jwks_url,
        socket_port=gateway.port,
        **{"socket_drain_seconds": 0, "resync_spread_seconds": 0, **limits},
    )

    async def live() -> None:
        gateway.exit_code = await run(settings, gateway.stop)

    async with asyncio.TaskGroup() as group:
        group.create_task(live())
        await gateway.until_listening()
        if wait_until_ready:
            await gateway.until_ready()
        try:
            yield gateway
        finally:
            gateway.stop.set()


class Page:
    """A client of the socket, like a page in a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.ready: Json = {}

    async def authenticate(self, token: str) -> Json:
        """Send AUTH and give the payload of READY."""
        await self.socket.send(Auth(payload=AuthPayload(token=token)).model_dump_json())
        frame = await self.next_frame()
        assert frame["type"] == "READY", frame
        self.ready = frame["payload"]
        return self.ready

    async def next_frame(self) -> Json:
        async with asyncio.timeout(DEADLINE_SECONDS):
            frame: Json = json.loads(await self.socket.recv())
        return frame

    async def next_seqs(self, count: int) -> list[int]:
        """Give the numbers of the next frames, all of which must have one."""
        return [(await self.next_frame())["payload"]["seq"] for _ in range(count)]

    async def ping(self, seq: int) -> list[str]:
        """Send a heartbeat and give the types of what comes up to its answer."""
        await self.socket.send(Ping(payload=PingPayload(seq=seq)).model_dump_json())
        types = [(await self.next_frame())["type"]]
        while types[-1] != "PONG":
            types.append((await self.next_frame())["type"])
        return types

    async def close_code(self) -> int:
        """Wait until the gateway has closed the socket, and give the code; frames that still come are read over."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd is not None else 1006


@asynccontextmanager
async def page(gateway: Gateway, token: str | None = None, **options: Any) -> AsyncIterator[Page]:
    """Connect, authenticate if there is a token, and close when the block ends."""
    usual = {"proxy": None, "ping_interval": None, "compression": None, "open_timeout": DEADLINE_SECONDS}
    options = {**usual, **options}
    async with connect(gateway.url, **options) as socket:
        opened = Page(socket)
        if token is not None:
            await opened.authenticate(token)
        yield opened


def removed(seq: int) -> str:
    """Make the smallest frame that has a number."""
    return Removed(payload=IdsPayload(seq=seq, ids=(), unread_count=0)).model_dump_json()


@dataclass
class Senders:
    """What the notification worker and the task service send, by the rights of each."""

    deliveries: aio_pika.abc.AbstractExchange
    events: aio_pika.abc.AbstractExchange

    async def deliver(
        self, *frames: tuple[UUID, int], text: str | None = None, changed_at: float | None = None
    ) -> None:
        """Publish one delivery, confirmed; each frame is for a person and has a number."""
        delivery = Delivery(
            frames=tuple(
                PersonalFrame(user_id=user, seq=seq, frame=text or removed(seq), changed_at=changed_at)
                for user, seq in frames
            )
        )
        await self.publish(delivery.model_dump_json().encode())

    async def publish(self, body: bytes, message_type: str = MESSAGE_TYPE) -> None:
        """Publish any body to the stream, confirmed."""
        message = aio_pika.Message(
            body,
            message_id=str(uuid7()),
            type=message_type,
            content_type=CONTENT_TYPE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await self.deliveries.publish(message, "")

    async def end_session(self, user_id: UUID, session_id: UUID) -> None:
        """Publish that a session has ended, confirmed."""
        event = SessionEnded(
            id=str(uuid4()),
            source="/task-service",
            time=datetime.now(UTC),
            data=SessionEndedData(user_id=user_id, session_id=session_id),
        )
        message = aio_pika.Message(event.model_dump_json().encode(), message_id=event.id, type=event.type)
        await self.events.publish(message, event.routing_key)


@asynccontextmanager
async def senders(notification_broker_url: str, task_broker_url: str) -> AsyncIterator[Senders]:
    """Connect as both services."""
    async with (
        await aio_pika.connect(notification_broker_url) as worker,
        await aio_pika.connect(task_broker_url) as tasks,
    ):
        yield Senders(
            await (await worker.channel()).get_exchange(DELIVERIES, ensure=False),
            await (await tasks.channel()).get_exchange(DOMAIN_EVENTS, ensure=False),
        )
