"""A gateway that stops lets its pages go first."""

import json
from typing import Any
from uuid import UUID

from structlog.testing import capture_logs

from contracts.socket.close_codes import CloseCode
from tests.support.gateway import Senders, page, running_gateway
from tests.support.tcp_proxy import TcpProxy
from tests.support.tokens import Signer
from ws_gateway.sockets.drain import STEP_SECONDS

ANN = UUID(int=1)


def auth(token: str) -> str:
    return json.dumps({"type": "AUTH", "payload": {"token": token}})


async def test_a_stopping_gateway_asks_pages_to_go_over_a_time_and_closes_the_rest_with_1012(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    # Long enough for a delivery to come before the end, and the end before a page without a token is closed for that.
    limits: dict[str, Any] = {"socket_drain_seconds": 5, "socket_drain_at_once": 1, "socket_auth_seconds": 60}
    async with (
        running_gateway(gateway_broker_url, jwks_url, **limits) as gateway,
        page(gateway, signer.token(ANN)) as first,
        page(gateway, signer.token(ANN)) as second,
        page(gateway) as without_token,
    ):
        gateway.stop.set()
        asked = [await window.next_frame() for window in (first, second)]
        await sender.deliver((ANN, 1))
        assert [frame["type"] for frame in asked] == ["RECONNECT", "RECONNECT"]
        assert all(0 <= frame["payload"]["after_ms"] < 1_000 * STEP_SECONDS for frame in asked)
        assert await first.next_seqs(1) == await second.next_seqs(1) == [1]
        for window in (first, second, without_token):
            assert await window.close_code() == CloseCode.RESTARTING
    assert gateway.exit_code == 0


async def test_a_page_that_goes_hears_its_gateway_until_another_has_said_ready(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    limits: dict[str, Any] = {"socket_drain_seconds": 6, "socket_connections_a_person": 1}
    async with (
        running_gateway(gateway_broker_url, jwks_url, **limits) as going,
        running_gateway(gateway_broker_url, jwks_url, **limits) as staying,
        page(going, signer.token(ANN)) as old,
    ):
        going.stop.set()
        assert (await old.next_frame())["type"] == "RECONNECT"
        async with page(staying, signer.token(ANN)) as new:
            await sender.deliver((ANN, 1))
            assert await old.next_seqs(1) == await new.next_seqs(1) == [1]

            await old.socket.close()
            await sender.deliver((ANN, 2))
            assert await new.next_seqs(1) == [2]
    assert going.exit_code == 0


async def test_a_page_that_comes_in_the_last_moment_is_let_in_and_asked_to_go(
    gateway_broker_url: str, jwks_url: str, signer: Signer
) -> None:
    async with (
        running_gateway(gateway_broker_url, jwks_url, socket_drain_seconds=6) as gateway,
        page(gateway, signer.token(ANN)) as first,
        page(gateway) as late,
    ):
        gateway.stop.set()
        assert (await first.next_frame())["type"] == "RECONNECT"
        await late.authenticate(signer.token(ANN))

        assert (await late.next_frame())["type"] == "RECONNECT"
        await first.socket.close()
        await late.socket.close()
    assert gateway.exit_code == 0


async def test_a_page_that_waits_for_the_stream_keeps_no_gateway_from_stopping(
    gateway_broker_url: str, jwks_url: str, signer: Signer
) -> None:
    with capture_logs() as logs:
        await _stop_while_a_page_waits(gateway_broker_url, jwks_url, signer)

    assert "service_cancelled" not in [entry["event"] for entry in logs]


async def _stop_while_a_page_waits(gateway_broker_url: str, jwks_url: str, signer: Signer) -> None:
    async with (
        TcpProxy.to(gateway_broker_url, open_at_first=False) as way,
        running_gateway(way.url, jwks_url, wait_until_ready=False, stream_wait_seconds=60) as gateway,
        page(gateway) as window,
    ):
        await window.socket.send(auth(signer.token(ANN)))
        await (await window.socket.ping())

        gateway.stop.set()
        assert await window.close_code() == CloseCode.RESTARTING
    assert gateway.exit_code == 0
