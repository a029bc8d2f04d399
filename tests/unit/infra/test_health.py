"""Whether a process says truly how it is."""

import asyncio

import httpx
import pytest

from infra import health as health_module
from infra.health import Health
from infra.http.health import health_app
from infra.metrics.registry import process_registry


async def well() -> None:
    return


async def ill() -> None:
    raise ConnectionError("refused")


async def mute() -> None:
    await asyncio.Event().wait()


async def answers(health: Health) -> tuple[httpx.Response, httpx.Response]:
    transport = httpx.ASGITransport(health_app(health, process_registry()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get("/health/live"), await client.get("/health/ready")


async def test_a_process_is_ready_when_every_check_passes() -> None:
    live, ready = await answers(Health({"database": well, "broker": well}))

    assert live.status_code == 200
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "checks": {"database": "ok", "broker": "ok"}}


async def test_a_failing_check_makes_it_unready_but_alive_and_is_named() -> None:
    live, ready = await answers(Health({"database": well, "broker": ill}))

    assert live.status_code == 200
    assert ready.status_code == 503
    assert ready.json() == {
        "status": "not_ready",
        "checks": {"database": "ok", "broker": "ConnectionError: refused"},
    }


async def test_a_check_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "CHECK_SECONDS", 0.01)

    readiness = await Health({"database": mute, "broker": well}).readiness()

    assert not readiness.ready
    assert readiness.checks == {"database": "no answer in 0.01 s", "broker": "ok"}
