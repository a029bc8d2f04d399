"""Clients that take their time have little of it, and take none of the others'."""

import asyncio
import socket
import time

from tests.fuzz.sockets import HANDSHAKE, JOHN, Client, auth, secret_of, served
from ws_gateway.sockets.listener import listen_for_pages
from ws_gateway.sockets.window import Window

OPEN_SECONDS = 3.0
DEADLINE_SECONDS = 60


async def test_a_handshake_that_comes_byte_by_byte_is_cut_and_the_others_are_served() -> None:
    async with served(open_seconds=OPEN_SECONDS) as (directory, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = time.monotonic()

        async def dribble() -> None:
            for byte in HANDSHAKE[:-2]:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)

        async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group:
            dribbling = group.create_task(dribble())
            assert b"101" not in await reader.read()
            dribbling.cancel()
        assert time.monotonic() - began >= OPEN_SECONDS
        writer.close()

        other = await Client.connected(port)
        await other.send(auth("j.1"))
        await other.until("READY")
        directory.publish(str(JOHN), 1, f'"{secret_of(JOHN)}"')
        await other.until(secret_of(JOHN))
        other.close()


async def test_the_kernel_keeps_little_for_a_client_that_reads_nothing_and_not_for_long() -> None:
    async with served() as (directory, port):
        client = await Client.connected(port)
        await client.send(auth("j.1"))
        await client.until("READY")
        (window,) = directory.windows()
        assert isinstance(window, Window)
        # Nothing else shows what the kernel was told.
        _assert_bounded(window._connection.transport.get_extra_info("socket"))
        client.close()


def test_so_it_does_for_those_who_connect_before_anybody_accepts_them() -> None:
    with listen_for_pages("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            _assert_bounded(accepted)


def _assert_bounded(accepted: socket.socket) -> None:
    # Linux doubles what is set, for what it needs itself.
    assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 64 * 1024
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
