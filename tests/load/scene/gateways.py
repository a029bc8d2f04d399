"""A gateway alone, a bare server beside it, and windows at either."""

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import aio_pika
import orjson

from contracts.deliveries import CONTENT_TYPE, MESSAGE_TYPE, PEOPLE_PER_DELIVERY, Delivery, PersonalFrame
from contracts.topology import DELIVERIES
from infra.local.ports import free_ports
from tests.load.scene.process import Measured
from tests.load.scene.stage import Stage
from tests.support.servers import Vhost
from tests.support.tokens import Signer

FRAME_BYTES = 300
AT_ONCE = 100


@dataclass(frozen=True)
class Listening:
    """A server to connect to."""

    process: Measured
    url: str


@asynccontextmanager
async def bare_server(stage: Stage) -> AsyncIterator[Listening]:
    (port,) = free_ports(1)
    async with stage.tool("bare-sockets", "tests.load.bare.sockets", port) as process:
        await process.ask("use")
        yield Listening(process, f"ws://127.0.0.1:{port}/")


@asynccontextmanager
async def gateway(stage: Stage, vhost: Vhost) -> AsyncIterator[Listening]:
    (port,) = free_ports(1)
    async with stage.product(
        *("gateway", "ws_gateway"),
        port=port,
        socket_port=port,
        jwks_url=stage.jwks_url,
        gateway_broker_url=vhost.gateway,
    ) as process:
        yield Listening(process, f"ws://127.0.0.1:{port}/ws")


def strangers(signer: Signer, count: int) -> list[tuple[UUID, str]]:
    """Make people nobody knows, each with a token."""
    people = [uuid4() for _ in range(count)]
    return [(person, signer.token(person)) for person in people]


def write_members(path: Path, members: Iterable[tuple[UUID, str]]) -> Path:
    """Write who has a window, for the load process; without a token one only shakes hands."""
    path.write_bytes(b"\n".join(orjson.dumps((str(person), token, 0)) for person, token in members))
    return path


def deliveries(people: list[UUID], first_seq: int, rounds: int) -> list[bytes]:
    """Make the messages that bring everybody so many frames, each its own, a hundred people in a message."""
    made = []
    for seq in range(first_seq, first_seq + rounds):
        for start in range(0, len(people), PEOPLE_PER_DELIVERY):
            frames = tuple(
                PersonalFrame(
                    user_id=person, seq=seq, frame=_frame(start + number, seq), changed_at=round(time.time(), 6)
                )
                for number, person in enumerate(people[start : start + PEOPLE_PER_DELIVERY])
            )
            made.append(Delivery(frames=frames).model_dump_json().encode())
    return made


def _frame(number: int, seq: int) -> str:
    """As long as asked; a gateway does not look inside."""
    head = f'{{"type":"NOTIFICATION","payload":{{"seq":{seq},"number":{number},"message":"'
    return f"{head.ljust(FRAME_BYTES - 3, 'x')}" + '"}}'


async def publish(url: str, bodies: list[bytes]) -> None:
    """Put messages into the stream, confirmed."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(DELIVERIES, ensure=False)
        for body in bodies:
            message = aio_pika.Message(
                body, type=MESSAGE_TYPE, content_type=CONTENT_TYPE, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
            )
            await exchange.publish(message, "")
