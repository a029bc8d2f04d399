"""The broker user of a service, and its addresses."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from taskify_testkit import Addresses, SettingsError
from taskify_testkit.addresses import virtual_host
from taskify_testkit.administration import service_user

Json = dict[str, Any]


def addresses(virtual_host: str = "taskify") -> Addresses:
    broker = f"amqp://administrator:secret@127.0.0.1:1/{virtual_host}"
    return Addresses("", "", "", broker, "http://127.0.0.1:1")


def management(requests: list[httpx.Request], there: Json | None = None) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.method == "PUT":
            return httpx.Response(201)
        return httpx.Response(404) if there is None else httpx.Response(200, json=there)

    return answer


async def made(service: str, at: Addresses, there: Json | None = None) -> list[httpx.Request]:
    requests: list[httpx.Request] = []
    async with httpx.AsyncClient(transport=httpx.MockTransport(management(requests, there))) as http:
        await service_user(http, at, service)
    return [request for request in requests if request.method == "PUT"]


@pytest.mark.parametrize("there", [None, {"name": "billing", "tags": ["taskify-testkit"]}])
async def test_a_user_of_the_test_kit_s_own_is_made_again_and_again(there: Json | None) -> None:
    user, *rights = await made("billing", addresses(), there)

    assert json.loads(user.content)["tags"] == "taskify-testkit"
    assert len(rights) == 2


async def test_a_user_of_somebody_else_is_left_alone() -> None:
    with pytest.raises(SettingsError, match="taskify_amqp_url"):
        await made("billing", addresses(), {"name": "billing", "tags": []})


async def test_the_administrator_is_left_alone() -> None:
    with pytest.raises(SettingsError, match="administrator's"):
        await made("administrator", addresses())


@pytest.mark.parametrize(
    ("written", "meant"), [("taskify", "taskify"), ("%2F", "/"), ("a%2Fb", "a/b"), ("", "/")], ids=str
)
async def test_a_virtual_host_is_read_as_an_address_writes_it(written: str, meant: str) -> None:
    assert virtual_host(f"amqp://127.0.0.1/{written}") == meant
    _, permissions, _ = await made("billing", addresses("%2F"))
    assert permissions.url.raw_path == b"/api/permissions/%2F/billing"
