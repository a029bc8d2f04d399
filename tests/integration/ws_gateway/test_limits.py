"""What one client takes, it does not take from others."""

import asyncio
import gc
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.server import ServerProtocol

from contracts.socket.close_codes import CloseCode
from tests.support.gateway import DEADLINE_SECONDS, Gateway, Senders, page, running_gateway, until
from tests.support.tokens import Signer

ANN, JOHN = UUID(int=1), UUID(int=2)

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture
async def narrow(gateway_broker_url: str, jwks_url: str) -> AsyncIterator[Gateway]:
    async with running_gateway(
        gateway_broker_url,
        jwks_url,
        socket_connections_a_person=2,
        socket_connections_an_address=5,
        socket_unauthenticated_connections=2,
        socket_auth_seconds=DEADLINE_SECONDS,
        trusted_proxies=["127.0.0.0/8"],
    ) as running:
        yield running


async def refusal(gateway: Gateway, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as refused:
        async with page(gateway, **options):
            pass
    return refused.value.response.status_code


def masked(payload: bytes) -> bytes:
    """Make a client's text frame (RFC 6455, section 5.2) with a mask of zeros."""
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload


async def test_a_person_with_too_many_windows_is_closed_4409_and_the_others_stay(
    narrow: Gateway, signer: Signer
) -> None:
    async with page(narrow, signer.token(ANN)) as first, page(narrow, signer.token(ANN)), page(narrow) as third:
        await third.socket.send(json.dumps({"type": "AUTH", "payload": {"token": signer.token(ANN)}}))

        assert await third.close_code() == CloseCode.TOO_MANY_CONNECTIONS
        assert await first.ping(0) == ["PONG"]


async def test_those_without_a_token_are_bounded_and_those_with_one_are_not_in_their_way(
    narrow: Gateway, signer: Signer
) -> None:
    async with page(narrow, signer.token(ANN)), page(narrow), page(narrow) as waiting:
        assert await refusal(narrow) == 503
        await waiting.authenticate(signer.token(JOHN))
        async with page(narrow, signer.token(JOHN)) as another:
            assert another.ready


async def test_an_address_is_bounded_and_another_one_is_not(narrow: Gateway, signer: Signer) -> None:
    def from_address(address: str) -> dict[str, dict[str, str]]:
        return {"additional_headers": {"X-Forwarded-For": address}}

    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(page(narrow, signer.token(uuid4()), **from_address("198.51.100.1")))

        assert await refusal(narrow, **from_address("198.51.100.1")) == 429
        async with page(narrow, signer.token(ANN), **from_address("198.51.100.2")) as other:
            assert other.ready


async def test_a_gateway_that_is_full_says_so_and_when_to_come_back(
    gateway_broker_url: str, jwks_url: str, signer: Signer
) -> None:
    async with running_gateway(gateway_broker_url, jwks_url, socket_connections=1) as full:
        async with page(full, signer.token(ANN)):
            with pytest.raises(InvalidStatus) as refused:
                async with page(full):
                    pass
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["Retry-After"]
            assert (await full.readiness()).is_success
        await until_admitted(full, signer)


async def until_admitted(gateway: Gateway, signer: Signer) -> None:
    """The place of a window that has gone is free as soon as the gateway has noticed."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                async with page(gateway, signer.token(ANN)):
                    return
            except InvalidStatus:
                await asyncio.sleep(0)


async def test_a_window_that_does_not_read_is_cut_and_the_others_get_everything(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    frames, text = 200, json.dumps({"type": "NOTIFICATION", "payload": {"seq": 1, "message": "x" * 20_000}})
    limits: dict[str, Any] = {"socket_buffer_bytes": 64 * 1024, "socket_close_seconds": 0.2}
    async with (
        running_gateway(gateway_broker_url, jwks_url, **limits) as gateway,
        slow_window(gateway, signer.token(ANN)) as slow,
        page(gateway, signer.token(ANN)) as own,
        page(gateway, signer.token(JOHN)) as other,
    ):
        for seq in range(1, frames + 1):
            await sender.deliver((ANN, seq), text=text)
            await sender.deliver((JOHN, seq))
            assert await own.socket.recv() == text
            assert await other.next_seqs(1) == [seq]

        assert await bytes_until_the_end(slow) < frames * len(text)


@asynccontextmanager
async def slow_window(gateway: Gateway, token: str) -> AsyncIterator[socket.socket]:
    """Authenticate over a bare socket with a small buffer, and read nothing more than READY."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(client, ("127.0.0.1", gateway.port))
        auth = json.dumps({"type": "AUTH", "payload": {"token": token}})
        await loop.sock_sendall(client, HANDSHAKE + masked(auth.encode()))
        received = b""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while b"READY" not in received:
                received += await loop.sock_recv(client, 4096)
        yield client


async def bytes_until_the_end(client: socket.socket) -> int:
    """Read what is left until the other side has closed or cut the connection."""
    loop, count = asyncio.get_running_loop(), 0
    async with asyncio.timeout(DEADLINE_SECONDS):
        try:
            while chunk := await loop.sock_recv(client, 65_536):
                count += len(chunk)
        except ConnectionError:
            pass
    return count


async def test_misbehaving_clients_leave_no_error_behind(
    gateway: Gateway, signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    for beginning in (
        b"",
        b"\x16\x03\x01\x02\x00",
        b"GET /ws",
        b"POST /ws HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        HANDSHAKE + b"\x81\x05hello",
        HANDSHAKE + masked(b"\xff\xfe"),
        HANDSHAKE + b"\xff\xff\xff\xff",
        HANDSHAKE + masked(json.dumps({"type": "AUTH", "payload": {"token": signer.token(ANN)}}).encode())[:-9],
    ):
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(beginning)
        await writer.drain()
        writer.transport.abort()
    async with page(gateway, signer.token(ANN)) as window:
        assert await window.ping(0) == ["PONG"]

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_connections_that_break_off_leave_nothing_for_the_garbage_collector(
    gateway: Gateway, signer: Signer
) -> None:
    gc.collect()
    # Of other tests, of this gateway's own start: whether they are free of cycles is not asked here.
    earlier = protocols()
    gc.disable()
    try:
        for _ in range(5):
            async with page(gateway, signer.token(ANN)) as window:
                window.socket.transport.abort()

        async def all_gone() -> bool:
            return all(any(one is before for before in earlier) for one in protocols())

        await until(all_gone, "the connections to be freed")
    finally:
        gc.enable()


def protocols() -> list[ServerProtocol]:
    return [thing for thing in gc.get_objects() if type(thing) is ServerProtocol]


async def test_nothing_is_compressed_although_the_client_offers_it(gateway: Gateway, signer: Signer) -> None:
    """Compression costs memory for each connection, and tells by its length what is beside an attacker's text."""
    async with page(gateway, signer.token(ANN), compression="deflate") as window:
        assert window.socket.protocol.extensions == []


async def test_health_is_told_on_the_same_port_and_there_is_nothing_else(gateway: Gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.http, trust_env=False) as client:
        live, ready, other = [await client.get(path) for path in ("/health/live", "/health/ready", "/elsewhere")]

    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert ready.json() == {
        "status": "ready",
        "checks": {"broker": "ok", "consuming": "ok", "key_set": "ok", "accepting": "ok"},
    }
    assert ready.headers["content-type"] == "application/json"
    assert other.status_code == 404
