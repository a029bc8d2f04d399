"""The task API as its clients use it, and a look into its outbox."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent, parse_event
from task_service.api.schemas import PublicAddresses
from task_service.credentials.access_tokens import AccessTokens, Bearer
from task_service.models import Session, outbox

PASSWORD = "correct horse battery"
ORIGIN = "http://page.example"
ADDRESSES = PublicAddresses(
    api_url="http://api.example", notifications_url="http://notifications.example", socket_url="ws://socket.example/ws"
)

Json = dict[str, Any]


@dataclass
class Member:
    """Somebody who is logged in. Their requests carry their token, and no cookie unless a test gives one."""

    client: httpx.AsyncClient
    id: UUID
    name: str
    email: str
    token: str
    cookie: str

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def create_task(self, **fields: Any) -> Json:
        answer = await self.request("POST", "/api/tasks", json={"title": "Fix login bug", **fields})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def change(self, task: Json, **fields: Any) -> Json:
        answer = await self.request("PATCH", f"/api/tasks/{task['id']}", json=fields)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@dataclass
class Api:
    app: FastAPI
    client: httpx.AsyncClient
    engine: AsyncEngine
    tokens: AccessTokens
    wake_ups: list[None] = field(default_factory=list)

    async def events(self) -> list[AnyEvent]:
        """Give what is in the outbox, in the order in which it would leave."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(outbox.c.body).order_by(outbox.c.id))
            return [parse_event(body.encode()) for (body,) in rows]

    async def event_types(self) -> list[str]:
        return [type(event).__name__ for event in await self.events()]

    async def register(self, name: str, *, email: str | None = None) -> Json:
        email = email or f"{name.lower()}@example.org"
        answer = await self.client.post("/api/auth/register", json={"email": email, "name": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def log_in(self, account: Json, password: str = PASSWORD) -> Member:
        answer = await self.client.post("/api/auth/login", json={"email": account["email"], "password": password})
        assert answer.status_code == 200, answer.text
        cookie = answer.cookies["taskify_refresh"]
        self.client.cookies.clear()
        return Member(
            self.client, UUID(account["id"]), account["name"], account["email"], answer.json()["access_token"], cookie
        )

    async def member(self, name: str) -> Member:
        return await self.log_in(await self.register(name))

    async def expire_session(self, member: Member) -> None:
        session_id = (await self.tokens.verify(member.token)).session_id
        async with self.engine.begin() as connection:
            await connection.execute(
                update(Session).where(Session.id == session_id).values(expires_at=datetime.now(UTC))
            )

    def token_for(self, member: Member, session_id: UUID, issued: timedelta = timedelta()) -> str:
        return self.tokens.issue(Bearer(member.id, member.name, session_id), datetime.now(UTC) + issued)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Give status and type of a problem, having checked that it is one in form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"]


def wrong_places(answer: httpx.Response) -> list[str]:
    assert problem(answer) == (422, "invalid_request")
    return [error["where"] for error in answer.json()["errors"]]
