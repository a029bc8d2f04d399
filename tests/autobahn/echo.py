"""A server that echoes on a gateway's sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request

from infra.local.ports import LOOPBACK, free_ports
from ws_gateway.sockets.connection import GatewayConnection
from ws_gateway.sockets.endpoint import listen_for_sockets
from ws_gateway.sockets.listener import listen_for_pages

LARGEST_BYTES = 32 * 1024 * 1024
_OPEN_SECONDS = 5.0
_CLOSE_SECONDS = 5.0


def _welcome(_: ServerConnection, __: Request) -> None:
    """Refuse nobody."""


async def _echo(connection: ServerConnection) -> None:
    assert isinstance(connection, GatewayConnection)
    connection.forget_handshake()
    try:
        async for message in connection:
            if isinstance(message, str):
                connection.send_whole(message.encode())
            else:
                await connection.send(message)
    except ConnectionClosed:
        pass  # The suite breaks rules on purpose; how a connection ended is in its report.


@asynccontextmanager
async def echoing() -> AsyncIterator[str]:
    """Serve until the block ends; give the address."""
    (port,) = free_ports(1)
    server = await listen_for_sockets(
        _echo,
        listen_for_pages(LOOPBACK, port),
        origins=(),
        answer=_welcome,
        open_seconds=_OPEN_SECONDS,
        close_seconds=_CLOSE_SECONDS,
        frame_bytes=LARGEST_BYTES,
    )
    try:
        yield f"ws://{LOOPBACK}:{port}/ws"
    finally:
        server.close()
        async with asyncio.timeout(2 * _CLOSE_SECONDS):
            await server.wait_closed()
