"""People who use the running system as their page does: over HTTP and the socket, knowing nothing of its inside."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PASSWORD = "correct horse battery staple"
DEADLINE_SECONDS = 120

Json = dict[str, Any]


@dataclass(frozen=True)
class Addresses:
    """Where the running system is reached, as `/config.json` says it."""

    api: str
    notifications: str
    socket: str


@dataclass
class Person:
    id: str
    name: str
    email: str
    token: str
    addresses: Addresses
    http: httpx.AsyncClient

    @classmethod
    async def register(cls, http: httpx.AsyncClient, addresses: Addresses, name: str) -> Self:
        """Make a person of this name with an address of their own, logged in."""
        email = f"{name.lower().replace(' ', '.')}-{uuid4().hex[:8]}@example.com"
        credentials = {"email": email, "password": PASSWORD}
        registered = await http.post(f"{addresses.api}/api/auth/register", json={"name": name, **credentials})
        assert registered.status_code == 201, registered.text
        answer = await http.post(f"{addresses.api}/api/auth/login", json=credentials)
        assert answer.status_code == 200, answer.text
        return cls(registered.json()["id"], name, email, answer.json()["access_token"], addresses, http)

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request to whichever API serves the path."""
        origin = self.addresses.notifications if path.startswith("/api/notifications") else self.addresses.api
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.http.request(method, f"{origin}{path}", headers=headers, **options)

    async def create_task(self, title: str, **fields: Any) -> Json:
        return await self._answer(201, "POST", "/api/tasks", {"title": title, **fields})

    async def change_task(self, task_id: str, **fields: Any) -> Json:
        return await self._answer(200, "PATCH", f"/api/tasks/{task_id}", fields)

    async def comment(self, task_id: str, body: str) -> Json:
        return await self._answer(201, "POST", f"/api/tasks/{task_id}/comments", {"body": body})

    async def mark_read(self, *ids: str) -> None:
        await self._do("POST", "/api/notifications/read", json={"ids": list(ids)})

    async def mark_unread(self, *ids: str) -> None:
        await self._do("POST", "/api/notifications/unread", json={"ids": list(ids)})

    async def mark_all_read(self, up_to_seq: int) -> None:
        await self._do("POST", "/api/notifications/read-all", json={"up_to_seq": up_to_seq})

    async def mute(self, task_id: str) -> None:
        await self._do("PUT", f"/api/notifications/muted-tasks/{task_id}")

    async def unmute(self, task_id: str) -> None:
        await self._do("DELETE", f"/api/notifications/muted-tasks/{task_id}")

    async def preferences(self) -> Json:
        return await self._answer(200, "GET", "/api/notifications/preferences")

    async def prefer(self, timezone: str = "UTC", daily_at: str = "09:00", **types: str) -> Json:
        """Replace all preferences; a type that is not named is instant."""
        wanted = {"timezone": timezone, "daily_at": daily_at, "types": types}
        return await self._answer(200, "PUT", "/api/notifications/preferences", wanted)

    async def unread(self) -> list[Json]:
        """Give all unread notifications, newest first, following the `Link` header from page to page."""
        found: list[Json] = []
        path: str | None = "/api/notifications?limit=100"
        while path is not None:
            answer = await self.call("GET", path)
            assert answer.status_code == 200, answer.text
            found += answer.json()
            following = answer.links.get("next", {}).get("url")
            path = None if following is None else httpx.URL(following).raw_path.decode()
        return found

    async def history(self, page: int = 100) -> list[Json]:
        """Give all that is shown, newest first, read or not."""
        return await self._pages("/api/notifications/history", page)

    async def members(self, notification_id: str, page: int = 100) -> list[Json]:
        """Give the events that a notification stands for, newest first."""
        return await self._pages(f"/api/notifications/{notification_id}/members", page)

    async def why(self, told_id: str) -> Json:
        """Ask why this notification, or this member of one, was told."""
        return await self._answer(200, "GET", f"/api/notifications/{told_id}/why")

    async def why_not(self, task_id: str) -> list[Json]:
        """Give what became of the task's latest events for this person, newest first."""
        answer = await self._answer(200, "GET", f"/api/notifications/why-not?task_id={task_id}")
        events: list[Json] = answer["items"]
        return events

    async def sync(self, after_seq: int | None = None) -> Json:
        parameters = {} if after_seq is None else {"after_seq": after_seq}
        answer = await self.call("GET", "/api/notifications/sync", params=parameters)
        assert answer.status_code == 200, answer.text
        content: Json = answer.json()
        return content

    async def _pages(self, path: str, limit: int) -> list[Json]:
        found: list[Json] = []
        cursor: str | None = None
        while True:
            parameters = {"limit": limit} if cursor is None else {"limit": limit, "cursor": cursor}
            answer = await self.call("GET", path, params=parameters)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if (cursor := answer.json()["next_cursor"]) is None:
                return found

    async def _do(self, method: str, path: str, **options: Any) -> None:
        answer = await self.call(method, path, **options)
        assert answer.status_code == 204, answer.text

    async def _answer(self, status: int, method: str, path: str, body: Json | None = None) -> Json:
        answer = await self.call(method, path, json=body)
        assert answer.status_code == status, answer.text
        content: Json = answer.json()
        return content

    @asynccontextmanager
    async def window(self, socket: str | None = None) -> AsyncIterator["Window"]:
        """Open a window that is live: authenticated, caught up, and reading."""
        window = Window(self, socket or self.addresses.socket)
        async with asyncio.TaskGroup() as group:
            await window.open(group)
            try:
                yield window
            finally:
                await window.close()


@dataclass
class Window:
    """One open page: `READY`, then `sync`, then frames with a higher `seq`."""

    person: Person
    address: str
    items: dict[str, Json] = field(default_factory=dict)
    frames: list[Json] = field(default_factory=list)
    latest_seq: int = 0
    unread_count: int = 0
    on_frame: Callable[[Json], None] = lambda _: None
    _socket: ClientConnection | None = None
    _heartbeat_seconds: float = 0
    _ended: str = ""
    _answers: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def open(self, group: asyncio.TaskGroup) -> None:
        """Connect, authenticate and catch up; frames are read in the background until the socket closes."""
        # The gateway hears that somebody is there by heartbeats, as from a page.
        self._socket = await connect(self.address, compression=None, open_timeout=DEADLINE_SECONDS, ping_interval=None)
        await self._socket.send(json.dumps({"type": "AUTH", "payload": {"token": self.person.token}}))
        ready = json.loads(await self._socket.recv())
        assert ready["type"] == "READY", ready
        self._heartbeat_seconds = ready["payload"]["heartbeat_s"]
        await self.catch_up()
        group.create_task(self._read(self._socket))

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    def cut(self) -> None:
        """Lose the network: the connection is gone without a goodbye."""
        assert self._socket is not None
        self._socket.transport.abort()

    async def catch_up(self) -> None:
        """Ask the server for what changed since the last frame, as a page does when it is not sure."""
        known = None if self.latest_seq == 0 else self.latest_seq
        answer = await self.person.sync(known)
        if answer["reset"]:
            self.items.clear()
        for item in answer["items"]:
            self.items[item["id"]] = item
        for removed in answer["removed_ids"]:
            self.items.pop(removed, None)
        self.latest_seq, self.unread_count = answer["latest_seq"], answer["unread_count"]

    async def prove(self) -> None:
        """Send a heartbeat, which says what was applied, and wait for its answer."""
        assert self._socket is not None
        answered = self._answers
        await self._socket.send(json.dumps({"type": "PING", "payload": {"seq": self.latest_seq}}))
        await self.until(lambda _: self._answers > answered, "an answer to its heartbeat")

    async def until(self, holds: Callable[["Window"], bool], what: str) -> None:
        """Wait until something can be seen in this window."""
        async with self._changed:
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await self._changed.wait_for(lambda: holds(self))
            except TimeoutError:
                raise AssertionError(f"{self.person.name}'s window never showed {what}{self._ended}") from None

    @property
    def unread(self) -> list[Json]:
        return [item for item in self.items.values() if item["read_at"] is None]

    async def _read(self, socket: ClientConnection) -> None:
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + self._heartbeat_seconds
        try:
            while True:
                try:
                    async with asyncio.timeout_at(beat_at):
                        frame = json.loads(await socket.recv())
                except TimeoutError:
                    await socket.send(json.dumps({"type": "PING", "payload": {"seq": self.latest_seq}}))
                    beat_at = loop.time() + self._heartbeat_seconds
                    continue
                async with self._changed:
                    await self._take(frame)
                    self._changed.notify_all()
        except ConnectionClosed as closed:
            self._ended = f", and was closed: {closed}"

    async def _take(self, frame: Json) -> None:
        if frame["type"] == "PONG":
            self._answers += 1
            return
        if self._misses_something(frame):
            await self.catch_up()
        self._apply(frame)

    def _misses_something(self, frame: Json) -> bool:
        """Say whether only the server knows what comes before this frame, as a page does."""
        payload = frame["payload"]
        if frame["type"] == "RESYNC" or payload.get("seq", 0) > self.latest_seq + 1:
            return True
        return frame["type"] == "UNREAD" and not self.items.keys() >= set(payload["ids"])

    def _apply(self, frame: Json) -> None:
        self.frames.append(frame)
        self.on_frame(frame)
        payload = frame["payload"]
        seq = payload.get("seq")
        if seq is None or seq <= self.latest_seq:
            return
        self.latest_seq, self.unread_count = seq, payload["unread_count"]
        match frame["type"]:
            case "NOTIFICATION":
                self.items[payload["id"]] = payload
            case "READ":
                for item in self.items.values():
                    if item["id"] in (payload["ids"] or ()) or item["seq"] <= (payload["up_to_seq"] or -1):
                        item["read_at"] = item["read_at"] or payload["read_at"]
            case "UNREAD":
                for id_ in payload["ids"]:
                    self.items[id_]["read_at"] = None
            case "REMOVED":
                for id_ in payload["ids"]:
                    self.items.pop(id_, None)
