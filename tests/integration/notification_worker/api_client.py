"""Somebody who speaks to the API over HTTP, in this process."""

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.problems import MEDIA_TYPE, Problem
from infra.auth.key_set import PublishedKeys
from infra.auth.known_tokens import KnownTokens
from infra.http.rate_limit import Rate, RequestLimits
from notification_worker.api.application import connect, notification_api, wrap
from notification_worker.api.context import ApiContext
from tests.support.notification_events import person

ANN, JOHN, EVE = person("Ann"), person("John"), person("Eve")
ORIGIN = "http://localhost:8000"
HISTORY = timedelta(days=30)
PLENTY = Rate(10_000, 10_000)


class Client:
    """Speaks to the API as one person."""

    def __init__(self, http: httpx.AsyncClient, token: str, woken: list[None]) -> None:
        self.http = http
        self.woken = woken
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str = "", **params: Any) -> httpx.Response:
        return await self.send("GET", path, params=params or None)

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.send("POST", path, json=body)

    async def put(self, path: str, body: Any = None) -> httpx.Response:
        return await self.send("PUT", path, **({} if body is None else {"json": body}))

    async def delete(self, path: str) -> httpx.Response:
        return await self.send("DELETE", path)

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.http.request(method, f"/api/notifications{path}", headers=self._headers, **options)


def client_on(
    database: AsyncEngine, key_set_url: str, token: str, keys_client: httpx.AsyncClient, rate: Rate = PLENTY
) -> Client:
    woken: list[None] = []
    app = notification_api()
    limits = RequestLimits(rate, rate)
    keys = PublishedKeys(key_set_url, keys_client, verify=KnownTokens().verify)
    connect(app, ApiContext(database, keys, lambda: woken.append(None), HISTORY, limits))
    transport = httpx.ASGITransport(wrap(app, [ORIGIN], limits), raise_app_exceptions=False)
    return Client(httpx.AsyncClient(transport=transport, base_url="http://api"), token, woken)


def problem_of(answer: httpx.Response) -> Problem:
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    problem = Problem.parse(answer.content)
    assert problem.status == answer.status_code
    return problem


async def pages(client: Client, path: str, limit: int) -> list[dict[str, Any]]:
    """Read a list to its end, page by page."""
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(path, limit=limit, **cursor)).json()
        assert len(page["items"]) <= limit
        seen += page["items"]
        if page["next_cursor"] is None:
            return seen
        assert len(page["items"]) == limit
        cursor = {"cursor": page["next_cursor"]}
