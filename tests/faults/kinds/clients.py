"""Clients that stop reading, send garbage, and come back in a loop; nobody else may notice."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.faults.kinds import World, fault

_STRANGERS = 10
_SECONDS = 5.0
_GARBAGE: tuple[str | bytes, ...] = (
    "not json",
    "[]",
    '{"type": "SING", "payload": {}}',
    '{"type": "AUTH", "payload": {"token": "x"}}',
    '{"type": "PING", "payload": {"seq": "many"}}',
    b"\x00\xff",
    "x" * 20_000,
)


@fault("client.stalled")
async def _stalled(world: World, choice: random.Random) -> str:
    windows = choice.sample(world.windows, min(10, len(world.windows)))
    for window in windows:
        window.stop_reading(stopped=True)
    await asyncio.sleep(2 * _SECONDS)
    for window in windows:
        window.stop_reading(stopped=False)
    return f"{len(windows)} windows did not read for {2 * _SECONDS:g} s"


@fault("client.garbage")
async def _garbage(world: World, choice: random.Random) -> str:
    async def babble(socket: ClientConnection) -> None:
        await socket.send(choice.choice(_GARBAGE))
        await socket.recv()

    count = await _strangers(world, babble)
    await asyncio.gather(*(_no_socket(world, choice.randbytes(200)) for _ in range(_STRANGERS)))
    return f"{count} sockets with garbage, and {_STRANGERS} that were no sockets"


@fault("client.reconnect")
async def _reconnect(world: World, choice: random.Random) -> str:
    window = choice.choice(world.windows)

    async def come_and_go(socket: ClientConnection) -> None:
        await socket.send(json.dumps({"type": "AUTH", "payload": {"token": window.account.token}}))
        await socket.recv()

    return f"{await _strangers(world, come_and_go)} connections in a loop"


async def _strangers(world: World, behave: Callable[[ClientConnection], Awaitable[None]]) -> int:
    """Let some strangers connect and behave so, again and again for a while; give how often."""
    ends, count = time.monotonic() + _SECONDS, 0

    async def one() -> None:
        nonlocal count
        while time.monotonic() < ends:
            with suppress(OSError, WebSocketException, TimeoutError):
                async with (
                    asyncio.timeout(_SECONDS),
                    connect(world.system.socket, compression=None, close_timeout=1, proxy=None) as socket,
                ):
                    count += 1
                    await behave(socket)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(one() for _ in range(_STRANGERS)))
    return count


async def _no_socket(world: World, garbage: bytes) -> None:
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(world.system.socket).port)
            writer.write(garbage)
            await reader.read()
            writer.close()
