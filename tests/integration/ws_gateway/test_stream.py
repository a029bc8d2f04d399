"""The stream is read from the right place, whatever happens to the way there."""

import asyncio
import json
from uuid import UUID, uuid4

import aio_pika

from contracts.socket.close_codes import CloseCode
from contracts.topology import DELIVERIES
from infra.broker.definitions import apply_topology
from tests.support.gateway import Gateway, Senders, page, running_gateway
from tests.support.tcp_proxy import TcpProxy
from tests.support.tokens import Signer

ANN, JOHN = UUID(int=1), UUID(int=2)


def auth(token: str) -> str:
    return json.dumps({"type": "AUTH", "payload": {"token": token}})


async def test_a_broken_broker_connection_neither_loses_nor_repeats(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    async with (
        TcpProxy.to(gateway_broker_url) as way,
        running_gateway(way.url, jwks_url) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
        for seq in range(1, 301):
            await sender.deliver((ANN, seq))
            if seq % 60 == 30:
                way.break_connections()
        assert await window.next_seqs(300) == list(range(1, 301))

        way.cut()
        await gateway.until_ready(ready=False)
        await asyncio.gather(*(sender.deliver((JOHN, seq), (ANN, seq)) for seq in range(301, 501)))
        way.mend()

        assert await window.next_seqs(200) == list(range(301, 501))
        assert await window.ping(500) == ["PONG"]
        assert way.connections >= 3


async def test_what_was_published_before_the_start_is_not_pushed(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    await asyncio.gather(*(sender.deliver((ANN, seq)) for seq in range(1, 1_001)))
    async with (
        running_gateway(gateway_broker_url, jwks_url, stream_prefetch=10) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
        await sender.deliver((ANN, 1_001))

        assert await window.next_seqs(1) == [1_001]


async def test_a_gateway_that_starts_anew_knows_which_sessions_have_ended(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    ended, kept = uuid4(), uuid4()
    await sender.deliver((ANN, 1))
    await sender.end_session(ANN, ended)
    await asyncio.gather(*(sender.deliver((JOHN, seq)) for seq in range(1, 1_001)))
    async with running_gateway(gateway_broker_url, jwks_url, stream_prefetch=10) as gateway:
        async with page(gateway) as window:
            await window.socket.send(auth(signer.token(ANN, session_id=ended)))
            assert await window.close_code() == CloseCode.UNAUTHENTICATED
        async with page(gateway, signer.token(ANN, session_id=kept)) as window:
            assert window.ready


async def test_an_ended_session_closes_its_windows_and_no_other(
    gateway: Gateway, sender: Senders, signer: Signer
) -> None:
    ended, kept = uuid4(), uuid4()
    async with (
        page(gateway, signer.token(ANN, session_id=ended)) as first,
        page(gateway, signer.token(ANN, session_id=ended)) as second,
        page(gateway, signer.token(ANN, session_id=kept)) as other,
    ):
        await sender.end_session(ANN, ended)

        assert await first.close_code() == CloseCode.UNAUTHENTICATED
        assert await second.close_code() == CloseCode.UNAUTHENTICATED
        await sender.deliver((ANN, 1))
        assert await other.next_seqs(1) == [1]
        await other.socket.send(auth(signer.token(ANN, session_id=ended)))
        assert await other.close_code() == CloseCode.UNAUTHENTICATED


async def test_windows_are_told_to_sync_when_the_stream_no_longer_holds_the_place(
    gateway_broker_url: str, admin_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    async with (
        TcpProxy.to(gateway_broker_url) as way,
        running_gateway(way.url, jwks_url, resync_spread_seconds=0.2) as gateway,
        page(gateway, signer.token(ANN)) as window,
        page(gateway, signer.token(JOHN)) as other,
    ):
        await sender.deliver((ANN, 1), (JOHN, 1))
        assert await window.next_seqs(1) == await other.next_seqs(1) == [1]
        way.cut()
        async with await aio_pika.connect(admin_broker_url) as administrator:
            await (await administrator.channel()).queue_delete(DELIVERIES)
        await apply_topology(admin_broker_url)
        await sender.deliver((ANN, 2))
        way.mend()

        assert (await window.next_frame())["type"] == "RESYNC"
        assert (await other.next_frame())["type"] == "RESYNC"
        await sender.deliver((ANN, 3), (JOHN, 2))
        assert await window.next_seqs(1) == [3]
        assert await other.next_seqs(1) == [2]


async def test_a_stream_that_is_taken_away_and_comes_back_is_read_again(
    gateway: Gateway, admin_broker_url: str, sender: Senders, signer: Signer
) -> None:
    async with page(gateway, signer.token(ANN)) as window:
        async with await aio_pika.connect(admin_broker_url) as administrator:
            await (await administrator.channel()).queue_delete(DELIVERIES)
        await gateway.until_ready(ready=False)
        await apply_topology(admin_broker_url)
        await gateway.until_ready()

        assert (await window.next_frame())["type"] == "RESYNC"
        await sender.deliver((ANN, 1))
        assert await window.next_seqs(1) == [1]


async def test_nobody_is_ready_before_the_stream_is_read(
    gateway_broker_url: str, jwks_url: str, signer: Signer
) -> None:
    async with (
        TcpProxy.to(gateway_broker_url, open_at_first=False) as way,
        running_gateway(way.url, jwks_url, wait_until_ready=False, stream_wait_seconds=60) as gateway,
        page(gateway) as window,
    ):
        checks = (await gateway.readiness()).json()["checks"]
        assert checks["broker"] != "ok"
        assert checks["consuming"] != "ok"
        async with asyncio.TaskGroup() as group:
            authenticating = group.create_task(window.authenticate(signer.token(ANN)))
            await (await window.socket.ping())
            assert not authenticating.done()
            way.mend()

        assert authenticating.result()["user_id"] == str(ANN)
        assert (await gateway.readiness()).is_success


async def test_a_page_that_waited_too_long_for_the_stream_is_asked_to_come_back(
    gateway_broker_url: str, jwks_url: str, signer: Signer
) -> None:
    async with (
        TcpProxy.to(gateway_broker_url, open_at_first=False) as way,
        running_gateway(way.url, jwks_url, wait_until_ready=False, stream_wait_seconds=0.1) as gateway,
        page(gateway) as window,
    ):
        await window.socket.send(auth(signer.token(ANN)))

        assert await window.close_code() == CloseCode.OVERLOADED


async def test_a_gateway_tries_all_addresses_of_the_broker(
    gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    nobody = "amqp://ws-gateway:x@127.0.0.1:1/none"
    async with (
        running_gateway(f"{nobody},{gateway_broker_url}", jwks_url) as gateway,
        page(gateway, signer.token(ANN)) as window,
    ):
        await sender.deliver((ANN, 1))

        assert await window.next_seqs(1) == [1]
