"""The gateway's endpoint on a real port, without a broker, and clients that send whatever they are told to."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prometheus_client import CollectorRegistry

from contracts.tokens import Principal
from infra.auth import TokenInvalidError
from infra.errors import UnavailableError
from infra.health import Health
from ws_gateway.hub.admission import Admission, AdmissionLimits
from ws_gateway.hub.directory import Directory
from ws_gateway.hub.ended_sessions import EndedSessions
from ws_gateway.metrics import SessionTallies
from ws_gateway.sockets.drain import DrainLimits
from ws_gateway.sockets.endpoint import Endpoint, EndpointLimits
from ws_gateway.sockets.gate import Gate
from ws_gateway.sockets.listener import listen_for_pages
from ws_gateway.sockets.session import SessionLimits

ANN, JOHN = UUID(int=1), UUID(int=2)
PEOPLE = (ANN, JOHN)

_TURNS = 6
_READ_BYTES = 1 << 20
_DEADLINE_SECONDS = 60
_TEXT = 1

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def _principal(person: UUID, session: int, seconds: float = 900) -> Principal:
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    return Principal(user_id=person, name="x", session_id=UUID(int=session), expires_at=expires_at)


class Tokens:
    """A verifier for which a token is `<person>.<session>`, or says what is wrong with it."""

    async def verify(self, token: str) -> Principal:
        await asyncio.sleep(0)
        if token == "later":
            raise UnavailableError("the keys are away")
        if token == "expired":
            return _principal(ANN, 9, -1)
        owner = owner_of(token)
        if owner is None:
            raise TokenInvalidError("no token of ours")
        return _principal(owner, int(token[2:]))


def owner_of(token: str) -> UUID | None:
    """Say whose token it is; None for one that lets nobody in."""
    return {"a": ANN, "j": JOHN}.get(token[:1]) if token[1:2] == "." and token[2:].isdecimal() else None


def secret_of(person: UUID) -> str:
    """Give what nobody else may ever read."""
    return f"only for {person}"


@asynccontextmanager
async def served(open_seconds: float = 5) -> AsyncIterator[tuple[Directory, int]]:
    """Serve sockets until the block ends; give the hub and the port."""
    listener = listen_for_pages("127.0.0.1", 0)
    stop, drained, is_read = asyncio.Event(), asyncio.Event(), asyncio.Event()
    is_read.set()
    directory = Directory(EndedSessions(0), 20)
    limits = EndpointLimits(
        open_seconds=open_seconds,
        close_seconds=0.2,
        drain=DrainLimits(0, 1),
        stream_wait_seconds=5,
        buffer_bytes=256 * 1024,
        slow_seconds=10,
    )
    endpoint = Endpoint(
        listener=listener,
        origins=(),
        gate=Gate(Health({}), CollectorRegistry(), Admission(AdmissionLimits(10_000, 10_000, 10_000)), ()),
        directory=directory,
        verifier=Tokens(),
        stream_is_read=is_read,
        session_limits=SessionLimits(),
        session_observer=SessionTallies(),
        limits=limits,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(endpoint.run(stop, drained))
        yield directory, listener.getsockname()[1]
        stop.set()


@dataclass
class Client:
    """`owner` is whose token was sent first of those that are good: nobody else's frames may come here."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    owner: UUID | None = None
    received: bytearray = field(default_factory=bytearray)

    @classmethod
    async def connected(cls, port: int) -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = cls(reader, writer)
        writer.write(HANDSHAKE)
        async with asyncio.timeout(_DEADLINE_SECONDS):
            await reader.readuntil(b"\r\n\r\n")
        return client

    async def send(self, *pieces: bytes) -> None:
        """Write pieces one after the other, and take what comes; the other side may be gone."""
        for piece in pieces:
            try:
                self.writer.write(piece)
                await self.writer.drain()
            except OSError:
                break
            await turns()
        await self.take()

    def note_token(self, token: str) -> None:
        self.owner = self.owner or owner_of(token)

    async def take(self) -> None:
        """Take what has come."""
        await turns()
        try:
            async with asyncio.timeout(0.0005):
                while data := await self.reader.read(_READ_BYTES):
                    self.received += data
        except (TimeoutError, OSError):
            return

    async def until(self, text: str) -> None:
        """Wait for a text."""
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while text.encode() not in self.received:
                data = await self.reader.read(_READ_BYTES)
                assert data, f"closed before {text!r} came"
                self.received += data

    def close(self) -> None:
        self.writer.transport.abort()


async def turns() -> None:
    """Let the server, which lives in the same loop, do what there is to do."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def frame(opcode: int, payload: bytes, *, fin: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """Make a frame of a client, right or wrong (RFC 6455, section 5.2)."""
    head = bytes([fin << 7 | (reserved & 7) << 4 | opcode & 15])
    mask_bit = masked << 7
    if len(payload) < 126:
        head += bytes([mask_bit | len(payload)])
    else:
        head += bytes([mask_bit | 127]) + len(payload).to_bytes(8, "big")
    mask = os.urandom(4) if masked else b""
    return head + mask + (bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)) if masked else payload)


def auth(token: str) -> bytes:
    return frame(_TEXT, json.dumps({"type": "AUTH", "payload": {"token": token}}).encode())
