"""What the gateway says of itself to Prometheus."""

import time
from uuid import UUID, uuid4

import aio_pika
import httpx
import pytest
from websockets.exceptions import InvalidStatus

from contracts.topology import DELIVERIES
from infra.broker.definitions import apply_topology
from tests.support.gateway import Gateway, Senders, page, running_gateway, until
from tests.support.metrics import Scrape, scrape
from tests.support.tokens import Signer

ANN = UUID(int=1)


async def until_value(gateway: Gateway, name: str, value: float, **labels: str) -> Scrape:
    last: list[Scrape] = []

    async def is_so() -> bool:
        last.append(await scrape(gateway.http))
        return last[-1].value(f"taskify_gateway_{name}", **labels) == value

    await until(is_so, f"{name} to be {value}")
    return last[-1]


async def test_windows_and_what_is_pushed_to_them_and_acknowledged_are_counted(
    gateway: Gateway, sender: Senders, signer: Signer
) -> None:
    async with page(gateway, signer.token(ANN)) as first, page(gateway, signer.token(ANN)) as second, page(gateway):
        await sender.deliver((ANN, 1), (UUID(int=2), 1))
        await sender.deliver((ANN, 2))
        for window in (first, second):
            assert await window.next_seqs(2) == [1, 2]
        assert await first.ping(2) == ["PONG"]
        assert await second.ping(1) == ["PONG"]

        seen = await until_value(gateway, "stream_lag_seconds_count", 2)
        assert seen.value("taskify_gateway_connections") == 3
        assert seen.value("taskify_gateway_windows") == 2
        assert seen.value("taskify_gateway_pushes_total") == 4
        assert seen.value("taskify_gateway_acknowledgement_seconds_count") == 1
        assert seen.value("taskify_gateway_buffered_bytes") == 0
        lag = seen.value("taskify_gateway_stream_lag_seconds_sum")
        assert lag is not None
        assert 0 < lag < 60

    seen = await until_value(gateway, "connections", 0)
    assert seen.value("taskify_gateway_windows") == 0
    await until_value(gateway, "closes_total", 3, code="none")


async def test_the_age_of_a_change_is_measured_when_it_is_pushed_and_when_a_window_proves_it(
    gateway: Gateway, sender: Senders, signer: Signer
) -> None:
    eve = uuid4()
    async with page(gateway, signer.token(ANN)) as first, page(gateway, signer.token(ANN)) as second:
        made = time.time()
        await sender.deliver((ANN, 1), (eve, 1), changed_at=made - 40)
        await sender.deliver((ANN, 2), changed_at=made - 500)
        for window in (first, second):
            assert await window.next_seqs(2) == [1, 2]

        seen = await until_value(gateway, "change_pushed_seconds_count", 4)
        passed = time.time() - made
        pushed = seen.value("taskify_gateway_change_pushed_seconds_sum")
        assert pushed is not None
        assert 2 * (40 + 500) < pushed <= 2 * (40 + 500) + 4 * passed
        assert seen.value("taskify_gateway_change_acknowledged_seconds_count") == 0

        await first.ping(0)
        await first.ping(1)
        await first.ping(2)
        seen = await scrape(gateway.http)
        passed = time.time() - made
        assert seen.value("taskify_gateway_change_acknowledged_seconds_count") == 1
        acknowledged = seen.value("taskify_gateway_change_acknowledged_seconds_sum")
        assert acknowledged is not None
        assert 40 < acknowledged <= 40 + passed
        await second.ping(2)
        await until_value(gateway, "change_acknowledged_seconds_count", 2)


async def test_a_frame_without_a_time_or_with_one_that_is_none_is_pushed_and_not_measured(
    gateway: Gateway, sender: Senders, signer: Signer
) -> None:
    async with page(gateway, signer.token(ANN)) as window:
        await sender.deliver((ANN, 1))
        for seq, wrong in ((2, '"yesterday"'), (3, "null"), (4, "[]")):
            frame = f'{{"user_id": "{ANN}", "seq": {seq}, "frame": "{{}}", "changed_at": {wrong}}}'
            await sender.publish(f'{{"frames": [{frame}]}}'.encode())
        assert await window.next_seqs(1) == [1]
        for _ in range(3):
            assert await window.next_frame() == {}
        assert await window.ping(4) == ["PONG"]

        seen = await until_value(gateway, "stream_lag_seconds_count", 4)
        assert seen.value("taskify_gateway_acknowledgement_seconds_count") == 1
        assert seen.value("taskify_gateway_change_pushed_seconds_count") == 0
        assert seen.value("taskify_gateway_change_acknowledged_seconds_count") == 0


async def test_closes_are_counted_by_the_code_with_which_the_gateway_closed(
    gateway_broker_url: str, jwks_url: str
) -> None:
    # Who has something to say needs time for it, and who says nothing is waited for.
    async with running_gateway(gateway_broker_url, jwks_url, socket_auth_seconds=3) as gateway:
        async with page(gateway) as rude:
            await rude.socket.send("garbage")
            assert await rude.close_code() == 4400
        async with page(gateway) as loud:
            await loud.socket.send("x" * 20_000)
            assert await loud.close_code() == 1009
        async with page(gateway) as silent:
            assert await silent.close_code() == 4408
        for code in ("4400", "1009", "4408"):
            await until_value(gateway, "closes_total", 1, code=code)
        assert (await scrape(gateway.http)).value("taskify_gateway_closes_total", code="none") == 0


async def test_sockets_that_are_not_let_in_are_counted_by_the_reason(gateway_broker_url: str, jwks_url: str) -> None:
    async with running_gateway(gateway_broker_url, jwks_url, socket_connections_an_address=1) as gateway, page(gateway):
        with pytest.raises(InvalidStatus, match="429"):
            async with page(gateway):
                pass
        await until_value(gateway, "refused_connections_total", 1, reason="too_many_of_address")


async def test_windows_that_are_told_to_sync_after_a_gap_are_counted(
    gateway_broker_url: str, jwks_url: str, admin_broker_url: str, signer: Signer
) -> None:
    async with running_gateway(gateway_broker_url, jwks_url) as gateway, page(gateway, signer.token(ANN)) as window:
        assert (await scrape(gateway.http)).value("taskify_gateway_resyncs_total") == 0
        async with await aio_pika.connect(admin_broker_url) as administrator:
            await (await administrator.channel()).queue_delete(DELIVERIES)
        await gateway.until_ready(ready=False)
        await apply_topology(admin_broker_url)
        assert (await window.next_frame())["type"] == "RESYNC"
        await until_value(gateway, "resyncs_total", 1)


async def test_what_comes_through_a_proxy_gets_no_metrics(gateway: Gateway) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{gateway.http}/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.status_code == 404
    assert "taskify" not in answer.text
