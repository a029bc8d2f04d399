"""Taskify's two HTTP APIs, as a page uses them."""

import asyncio
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

import httpx

from taskify_testkit.addresses import Addresses
from taskify_testkit.errors import NotStartedError, RequestRefusedError
from taskify_testkit.facts import Json

REQUEST_SECONDS = 30.0

BUSY_SECONDS = 30.0
"""How long an answer that Taskify is busy is taken for one to ask again."""

_BUSY = {429, 503}
_RETRY_SECONDS = 0.5

_NOTIFICATIONS = "/api/notifications"
_PASSWORD = "a-password-for-tests-only"  # noqa: S105 (of people who exist for one test)


class Api:
    """One person's requests; with an empty token, those of somebody who has not logged in."""

    def __init__(self, http: httpx.AsyncClient, addresses: Addresses, token: str = "") -> None:
        self._http = http
        self._addresses = addresses
        self.token = token

    async def call(
        self, method: str, path: str, *, json: object = None, query: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """Send a request to whichever API serves the path, and give its answer whatever it is.

        Raises:
            NotStartedError: the API does not answer.
        """
        origin = self._addresses.notifications if path.startswith(_NOTIFICATIONS) else self._addresses.api
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            return await self._http.request(method, f"{origin}{path}", json=json, params=query, headers=headers)
        except httpx.TransportError as error:
            ended = await asyncio.to_thread(self._addresses.ended)
            raise NotStartedError(f"{method} {origin}{path} has no answer: {error!r}{ended}") from error

    async def ask(self, method: str, path: str, *, json: object = None, query: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 (any JSON)
        """Send a request that has to succeed, and give what its answer holds.

        Raises:
            RequestRefusedError: the answer is an error.
            NotStartedError: the API does not answer.
        """
        return _succeeded(await self.call(method, path, json=json, query=query))

    async def ask_patiently(self, path: str, json: Json) -> Any:  # noqa: ANN401 (any JSON)
        """Post as `ask` does, and again while Taskify is busy, up to `BUSY_SECONDS`."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + BUSY_SECONDS
        while True:
            answer = await self.call("POST", path, json=json)
            told = answer.headers.get("Retry-After", "")
            seconds = max(_RETRY_SECONDS, float(told) if told.isdecimal() else 0.0)
            if answer.status_code not in _BUSY or clock() + seconds > deadline:
                return _succeeded(answer)
            await asyncio.sleep(seconds)

    async def register(self, name: str) -> tuple[Json, "Api"]:
        """Make a person of this name with an e-mail address of their own; give the account, and the person's API.

        Raises:
            RequestRefusedError: registration is closed, for example.
        """
        credentials = {"email": f"{token_hex(8)}@testkit.example", "password": _PASSWORD}
        account: Json = await self.ask_patiently("/api/auth/register", {"name": name, **credentials})
        token = await self.ask_patiently("/api/auth/login", credentials)
        return account, Api(self._http, self._addresses, token["access_token"])

    async def sync(self, after_seq: int | None) -> Json:
        """Give what has changed in the person's inbox since a number, or its newest rows."""
        query = None if after_seq is None else {"after_seq": after_seq}
        answer: Json = await self.ask("GET", f"{_NOTIFICATIONS}/sync", query=query)
        return answer

    async def frequencies(self) -> dict[str, str]:
        """Give when the person wants to be told of each kind that is not instant."""
        preferences = await self.ask("GET", f"{_NOTIFICATIONS}/preferences")
        types: dict[str, str] = preferences["types"]
        return types

    async def prefer(self, frequencies: Mapping[str, str]) -> None:
        """Change when the person wants to be told of some kinds."""
        types = {**await self.frequencies(), **frequencies}
        content: Json = {"timezone": "UTC", "daily_at": "09:00", "types": types}
        await self.ask("PUT", f"{_NOTIFICATIONS}/preferences", json=content)

    async def why_not(self, task_id: str) -> list[Json]:
        """Give what became of a task's latest events for this person, newest first."""
        answer = await self.ask("GET", f"{_NOTIFICATIONS}/why-not", query={"task_id": task_id})
        items: list[Json] = answer["items"]
        return items

    async def people(self) -> dict[str, str]:
        """Give the names of all people of Taskify by their ids."""
        return {each["id"]: each["name"] for each in await self.ask("GET", "/api/users")}


def _succeeded(answer: httpx.Response) -> Any:  # noqa: ANN401 (any JSON)
    if not answer.is_success:
        request = answer.request
        raise RequestRefusedError(
            f"{request.method} {request.url.path} was refused with {answer.status_code}: {answer.text}"
        )
    return answer.json() if answer.content else None
