"""The log tells of the end of each connection once, by the name that its page knows."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from contracts.socket.close_codes import CloseCode
from contracts.socket.frames import FRAME_BYTES
from infra.local.ports import free_ports
from tests.support.gateway import Page, page, running_gateway
from tests.support.tokens import Signer

ANN = UUID(int=1)
WORD = "what-somebody-wrote"


def sent(frame: str | bytes) -> Callable[[Page], Awaitable[None]]:
    async def send(window: Page) -> None:
        await window.socket.send(frame)

    return send


async def leave(window: Page) -> None:
    await window.socket.close(4999, WORD)


async def break_off(window: Page) -> None:
    window.socket.transport.abort()


BAD_TOKEN = json.dumps({"type": "AUTH", "payload": {"token": WORD}})


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (sent(BAD_TOKEN), {"by": "gateway", "code": 4401, "reason": "the token is not valid"}),
        (sent(WORD), {"by": "gateway", "code": 4400, "reason": "malformed frame"}),
        (sent(WORD.encode()), {"by": "gateway", "code": 4400, "reason": "binary frame"}),
        (sent(WORD * FRAME_BYTES), {"by": "gateway", "code": 1009}),
        (leave, {"by": "page", "code": 4999}),
        (break_off, {"by": "nobody", "code": 1006}),
    ],
    ids=["bad-token", "malformed", "binary", "too-big", "page", "broken-off"],
)
async def test_the_end_of_a_connection_is_one_line_with_the_id_that_ready_gave(
    gateway_broker_url: str,
    jwks_url: str,
    signer: Signer,
    end: Callable[[Page], Awaitable[None]],
    told: dict[str, Any],
) -> None:
    with capture_logs() as logs:
        async with running_gateway(gateway_broker_url, jwks_url) as gateway, page(gateway, signer.token(ANN)) as window:
            await end(window)
            await window.close_code()

    (line,) = [entry for entry in logs if entry.get("connection_id") == window.ready["connection_id"]]
    assert line["event"] == "connection_closed"
    assert line["log_level"] == "debug"
    assert line.items() >= told.items()
    assert WORD not in str(logs)


async def test_all_lines_of_a_connection_carry_its_id(gateway_broker_url: str, signer: Signer) -> None:
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}/jwks.json"
    with capture_logs() as logs:
        async with (
            running_gateway(gateway_broker_url, nobody, wait_until_ready=False) as gateway,
            page(gateway) as window,
        ):
            await window.socket.send(json.dumps({"type": "AUTH", "payload": {"token": signer.token(ANN)}}))
            assert await window.close_code() == CloseCode.OVERLOADED

    told = [(entry["connection_id"], entry["event"]) for entry in logs if "connection_id" in entry]
    assert [event for _, event in told] == ["token_not_verifiable", "connection_closed"]
    assert len({connection for connection, _ in told}) == 1
