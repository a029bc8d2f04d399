"""A person's account: logged in, asking, and writing down what was asked."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.faults.journal import Journal, Json, Write
from tests.faults.silence import NO_ANSWER

PASSWORD = "correct horse battery staple"
ANSWER_SECONDS = 8.0
UNAUTHENTICATED = 401
_RENEW_AFTER_SECONDS = 600.0
_TRY_AGAIN_SECONDS = 0.5


@dataclass
class Account:
    id: str
    name: str
    token: str
    api: str
    notifications: str
    http: httpx.AsyncClient
    journal: Journal
    email: str
    _cookie: str
    _token_since: float
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def register(cls, http: httpx.AsyncClient, api: str, notifications: str, journal: Journal, name: str) -> Self:
        email = f"{name.lower().replace(' ', '.')}-{uuid4().hex[:6]}@example.com"
        credentials = {"email": email, "password": PASSWORD}
        made = await http.post(f"{api}/api/auth/register", json={"name": name, **credentials}, timeout=60)
        assert made.status_code == 201, made.text
        answer = await http.post(f"{api}/api/auth/login", json=credentials, timeout=60)
        assert answer.status_code == 200, answer.text
        cookie = answer.headers["set-cookie"].partition(";")[0]
        http.cookies.clear()
        token = answer.json()["access_token"]
        return cls(made.json()["id"], name, token, api, notifications, http, journal, email, cookie, time.monotonic())

    @property
    def token_is_old(self) -> bool:
        return time.monotonic() - self._token_since > _RENEW_AFTER_SECONDS

    async def renew(self) -> None:
        """Get a new access token for the cookie, or log in again if that is over; tried until it is there."""
        asked_at = time.monotonic()
        async with self._renewing:
            path: str = "refresh"
            options: Json = {}
            while self._token_since < asked_at:
                if path == "refresh":
                    options = {"headers": {"Cookie": self._cookie}}
                answer = await self._send("POST", f"{self.api}/api/auth/{path}", **options)
                if answer is not None and answer.status_code == 200:
                    self.token, self._token_since = answer.json()["access_token"], time.monotonic()
                    # The refresh token may be replaced by another at each use.
                    self._cookie = answer.headers.get("set-cookie", self._cookie).partition(";")[0]
                    self.http.cookies.clear()
                elif answer is not None and answer.status_code == UNAUTHENTICATED:
                    path, options = "login", {"json": {"email": self.email, "password": PASSWORD}}
                else:
                    await asyncio.sleep(_TRY_AGAIN_SECONDS)

    async def ask(self, path: str, **parameters: Any) -> httpx.Response | None:
        """Read something; None when there is no answer, or none that helps."""
        answer = await self._call("GET", path, params=parameters)
        if answer is not None and answer.status_code == UNAUTHENTICATED:
            await self.renew()
            answer = await self._call("GET", path, params=parameters)
        return answer if answer is not None and answer.is_success else None

    async def surely(self, path: str, seconds: float = 240.0, **parameters: Any) -> Any:
        """Read something, again and again until there is an answer; give its JSON."""
        async with asyncio.timeout(seconds):
            while (answer := await self.ask(path, **parameters)) is None:
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
        return answer.json()

    async def write(
        self, write: Write, method: str, path: str, body: Json | None = None, **headers: str
    ) -> httpx.Response | None:
        """Change something, once, and write down what came of it; where the token is not taken, with a new one."""
        if self.token_is_old:
            await self.renew()
        self.journal.note(write)
        answer = await self._call(method, path, json=body, headers=headers)
        if answer is not None and answer.status_code == UNAUTHENTICATED:
            self.journal.statuses[str(UNAUTHENTICATED)] += 1
            await self.renew()
            answer = await self._call(method, path, json=body, headers=headers)
        if answer is None:
            self.journal.settled(write, None, None)
            return None
        content = answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None
        self.journal.settled(write, answer.status_code, content)
        if answer.status_code in {401, 403, 413, 422, 500} - self.journal.excused:
            self.journal.errors.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        origin = self.notifications if path.startswith("/api/notifications") else self.api
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self._send(method, f"{origin}{path}", headers=headers, **options)

    async def _send(self, method: str, url: str, **options: Any) -> httpx.Response | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.http.request(method, url, timeout=ANSWER_SECONDS, **options)
        except NO_ANSWER:
            return None
