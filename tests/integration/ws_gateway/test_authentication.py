"""Who gets a socket, who keeps it, and with which code the others are closed."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from contracts.socket.close_codes import CloseCode
from contracts.socket.frames import FRAME_BYTES, Auth, AuthPayload
from infra.local.ports import free_ports
from tests.support.gateway import Gateway, page, running_gateway, until
from tests.support.tokens import Signer

ANN = UUID(int=1)

stranger = Signer()
"""Somebody else's key, under the same name as ours."""


def auth(token: str) -> str:
    return Auth(payload=AuthPayload(token=token)).model_dump_json()


async def test_a_good_token_is_answered_with_ready(shared_gateway: Gateway, signer: Signer) -> None:
    async with page(shared_gateway, signer.token(ANN, seconds=900)) as window:
        assert window.ready["user_id"] == str(ANN)
        assert window.ready["heartbeat_s"] == 25
        assert UUID(window.ready["connection_id"]).version == 7
        assert 840 < datetime.fromisoformat(window.ready["expires_at"]).timestamp() - time.time() < 901
        assert await window.ping(0) == ["PONG"]


@pytest.mark.parametrize(
    "token",
    [
        lambda signer: signer.token(ANN, seconds=-60),
        lambda signer: signer.token(ANN, aud="another"),
        lambda signer: signer.token(ANN, iss="another"),
        lambda signer: signer.token(ANN, sub="nobody"),
        lambda signer: signer.token(ANN)[:-4] + "AAAA",
        lambda signer: signer.unsigned(ANN),
        lambda _: stranger.token(ANN),
        lambda _: Signer("unknown-key").token(ANN),
        lambda _: "no token at all",
    ],
    ids=["expired", "audience", "issuer", "subject", "signature", "alg-none", "foreign", "unknown-key", "garbage"],
)
async def test_a_bad_token_closes_4401(shared_gateway: Gateway, signer: Signer, token: Callable[[Signer], str]) -> None:
    async with page(shared_gateway) as window:
        await window.socket.send(auth(token(signer)))

        assert await window.close_code() == CloseCode.UNAUTHENTICATED


async def test_a_token_in_the_address_lets_nobody_in(gateway_broker_url: str, jwks_url: str, signer: Signer) -> None:
    """It would stand in logs, in histories and in what is sent to others."""
    good = signer.token(ANN)
    async with (
        running_gateway(gateway_broker_url, jwks_url, socket_auth_seconds=0.2) as gateway,
        connect(f"{gateway.url}?token={good}&access_token={good}", proxy=None) as socket,
    ):
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == CloseCode.NO_TOKEN_IN_TIME


async def test_without_any_keys_a_gateway_is_not_ready_and_refuses_nobody_for_good(
    gateway_broker_url: str, signer: Signer
) -> None:
    (nobody,) = free_ports(1)
    away = f"http://127.0.0.1:{nobody}/.well-known/jwks.json"
    async with running_gateway(gateway_broker_url, away, wait_until_ready=False) as gateway:

        async def all_else_is_well() -> bool:
            checks = (await gateway.readiness()).json()["checks"]
            return bool(checks["broker"] == checks["consuming"] == "ok")

        await until(all_else_is_well, "the stream to be read")
        readiness = await gateway.readiness()
        assert readiness.status_code == 503
        assert readiness.json()["checks"]["key_set"] != "ok"
        async with page(gateway) as window:
            await window.socket.send(auth(signer.token(ANN)))
            assert await window.close_code() == CloseCode.OVERLOADED


async def test_no_token_in_time_closes_4408(gateway_broker_url: str, jwks_url: str) -> None:
    async with (
        running_gateway(gateway_broker_url, jwks_url, socket_auth_seconds=0.2) as gateway,
        page(gateway) as window,
    ):
        assert await window.close_code() == CloseCode.NO_TOKEN_IN_TIME


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type": "PING", "payload": {"seq": 1}}', CloseCode.MALFORMED),
        ("not json", CloseCode.MALFORMED),
        ("", CloseCode.MALFORMED),
        ('{"type": "HELLO", "payload": {}}', CloseCode.MALFORMED),
        (b"binary", CloseCode.MALFORMED),
        ("x" * FRAME_BYTES, CloseCode.MALFORMED),
        ("x" * (FRAME_BYTES + 1), CloseCode.FRAME_TOO_BIG),
    ],
    ids=["untimely", "not-json", "empty", "unknown", "binary", "largest", "too-large"],
)
async def test_a_frame_that_is_not_in_order_is_closed_with_its_code(
    shared_gateway: Gateway, frame: str | bytes, code: CloseCode
) -> None:
    async with page(shared_gateway) as window:
        await window.socket.send(frame)

        assert await window.close_code() == code


@pytest.mark.parametrize("frame", ["not json", b"binary"])
async def test_a_malformed_frame_of_a_ready_window_closes_4400(
    shared_gateway: Gateway, signer: Signer, frame: str | bytes
) -> None:
    async with page(shared_gateway, signer.token(ANN)) as window:
        await window.socket.send(frame)

        assert await window.close_code() == CloseCode.MALFORMED


async def test_a_foreign_origin_is_refused_at_the_handshake_and_ours_is_not(
    shared_gateway: Gateway, signer: Signer
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with page(shared_gateway, origin="https://elsewhere.example"):
            pass
    assert refused.value.response.status_code == 403

    async with page(shared_gateway, signer.token(ANN), origin="http://localhost:8000") as window:
        assert window.ready


async def test_a_token_is_renewed_on_the_open_socket(shared_gateway: Gateway, signer: Signer) -> None:
    async with page(shared_gateway, signer.token(ANN, seconds=120)) as window:
        first = window.ready
        renewed = await window.authenticate(signer.token(ANN, seconds=900))

        assert renewed["connection_id"] == first["connection_id"]
        assert renewed["expires_at"] > first["expires_at"]


@pytest.mark.parametrize("token", [lambda s: s.token(uuid4()), lambda _: stranger.token(ANN)], ids=["other", "bad"])
async def test_renewing_with_another_persons_or_a_bad_token_closes_4401(
    shared_gateway: Gateway, signer: Signer, token: Callable[[Signer], str]
) -> None:
    async with page(shared_gateway, signer.token(ANN)) as window:
        await window.socket.send(auth(token(signer)))

        assert await window.close_code() == CloseCode.UNAUTHENTICATED


async def test_an_expired_token_closes_4401_at_its_time(shared_gateway: Gateway, signer: Signer) -> None:
    # Long enough to be let in with it.
    async with page(shared_gateway, signer.token(ANN, seconds=5)) as window:
        assert await window.close_code() == CloseCode.UNAUTHENTICATED


async def test_a_silent_page_is_closed_4002(gateway_broker_url: str, jwks_url: str, signer: Signer) -> None:
    async with (
        running_gateway(gateway_broker_url, jwks_url, socket_idle_seconds=0.5) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
        assert await window.close_code() == CloseCode.TOO_SLOW


async def test_too_many_frames_close_4429(gateway_broker_url: str, jwks_url: str, signer: Signer) -> None:
    async with (
        running_gateway(gateway_broker_url, jwks_url, socket_frames_a_minute=5) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
        # It may be closed before the last of them is sent.
        with suppress(ConnectionClosed):
            for _ in range(20):
                await window.socket.send(json.dumps({"type": "PING", "payload": {"seq": 0}}))

        assert await window.close_code() == CloseCode.TOO_MANY_MESSAGES
