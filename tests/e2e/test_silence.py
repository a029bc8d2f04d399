"""Nothing that people write, are called, or keep secret stands in a log line, a metric or a span of a full run."""

import asyncio
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import aio_pika
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from contracts.events.notification import NotificationRequested, NotificationRequestedData
from contracts.topology import DOMAIN_EVENTS
from infra.local.processes import PROCESSES
from tests.support.collector import Collector
from tests.support.metrics import scrape
from tests.support.people import Person
from tests.support.system import OtherService, System
from tests.support.words import Words, secrets_of

pytestmark = pytest.mark.e2e

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DEAD_LETTERS = 7
DEADLINE_SECONDS = 180


async def person(system: System, http: httpx.AsyncClient, words: Words, password: str) -> Person:
    """Register somebody all of whose words are looked for."""
    name, email = words.new("a name"), f"{words.new('an address')}@example.com"
    credentials = {"email": words.remember("an address", email.lower()), "password": password}
    registered = await http.post(f"{system.addresses.api}/api/auth/register", json={"name": name, **credentials})
    assert registered.status_code == 201, registered.text
    answer = await http.post(f"{system.addresses.api}/api/auth/login", json=credentials)
    token = words.remember("an access token", answer.json()["access_token"])
    words.remember("a refresh token", answer.cookies["taskify_refresh"])
    for part in token.split(".")[1:]:
        words.remember("a part of an access token", part)
    found = Person(registered.json()["id"], name, email, token, system.addresses, http)
    words.remember("the id of a person", found.id)
    return found


async def live_together(ann: Person, john: Person, words: Words) -> None:
    """Do all that people do with tasks and notifications."""
    async with john.window() as window:
        task = await ann.create_task(
            words.new("a title"), description=words.new("a description"), assignee_id=john.id, status="todo"
        )
        words.remember("the id of a task", task["id"])
        comment = await ann.comment(task["id"], words.new("a comment"))
        await ann.change_task(task["id"], title=words.new("a title"), description=words.new("a description"))
        await ann.change_task(task["id"], status="done")
        await window.until(lambda seen: len(seen.unread) == 3, "three notifications")
        first, *others = [item["id"] for item in window.unread]
        await john.mark_read(first)
        await window.until(lambda seen: seen.unread_count == 2, "that one is read")
        await john.mark_unread(first)
        await window.until(lambda seen: seen.unread_count == 3, "that it is unread again")
        await john.mark_all_read(window.latest_seq)
        await window.until(lambda seen: seen.unread_count == 0, "that all is read")
        assert others
    await john.why_not(task["id"])
    await ann.call("DELETE", f"/api/tasks/{task['id']}/comments/{comment['id']}")
    await ann.call("DELETE", f"/api/tasks/{task['id']}")


async def log_in_badly(ann: Person, words: Words, password: str) -> None:
    """Guess passwords until it is refused, use a refresh token twice, change the password, log out."""
    address = f"{ann.addresses.api}/api/auth"
    for _ in range(12):
        wrong = {"email": ann.email, "password": words.new("a wrong password")}
        await ann.http.post(f"{address}/login", json=wrong)
    await ann.http.post(f"{address}/login", json={"email": f"{words.new('an address')}@example.com", "password": "no"})
    await ann.http.post(f"{address}/register", json={"name": words.new("a name"), "email": ann.email, "password": "x"})
    taken = {"name": words.new("a name"), "email": ann.email, "password": words.new("a password")}
    assert (await ann.http.post(f"{address}/register", json=taken)).status_code == 409
    for cookie in (words.new("a refresh token"), *[w for w, what in words.used.items() if what == "a refresh token"]):
        newer = await refreshed(ann, words, cookie)
        await refreshed(ann, words, newer)
        await refreshed(ann, words, cookie)
    await ann.call("PUT", "/api/users/me/password", json={"old": password, "new": words.new("a new password")})
    await ann.call("POST", "/api/auth/logout")


async def refreshed(ann: Person, words: Words, cookie: str) -> str:
    """Use a refresh token, and give the one that replaces it, if any does."""
    ann.http.cookies.clear()
    headers = {"Cookie": f"taskify_refresh={cookie}"}
    answer = await ann.http.post(f"{ann.addresses.api}/api/auth/refresh", headers=headers)
    return words.remember("a newer refresh token", answer.cookies.get("taskify_refresh") or cookie)


async def send_rubbish(ann: Person, words: Words) -> None:
    """Send to both APIs what they refuse, with words in every part of it."""
    for path in ("/api/tasks", "/api/notifications/read", "/api/notifications/preferences"):
        for method in ("POST", "PUT"):
            await ann.call(method, path, json={"title": words.new("a wrong field"), "ids": [words.new("a wrong id")]})
            await ann.call(method, path, content=f'{{"title": "{words.new("broken JSON")}'.encode())
            await ann.call(method, path, content=json.dumps({"title": "\ud800" + words.new("half a character")}))
            await ann.call(method, path, json={"title": "\x00" + words.new("after a zero"), "description": "\x00"})
    for path in ("/api/tasks", "/api/notifications", "/api/notifications/history", "/"):
        await ann.call("GET", f"{path}/{words.new('a path')}?of={words.new('a query')}&cursor={words.new('a cursor')}")
        await ann.call("GET", f"{path}?cursor={words.new('a cursor')}&limit={words.new('a limit')}")
        named = ("User-Agent", "If-Match", "traceparent", "X-Forwarded-For", "Origin", "Referer", "Cookie", "Host")
        for header in named:
            await ann.call("GET", path, headers={header: words.new(f"the header {header}")})
        for token in (words.new("a bad token"), ann.token[:-6] + words.new("a bad signature"), ann.token + "é"):
            headers = {b"Authorization": f"Bearer {token}".encode()}
            await ann.http.get(f"{ann.addresses.api}{path}", headers=headers)
            await ann.http.get(f"{ann.addresses.notifications}{path}", headers=headers)


async def send_garbage_frames(ann: Person, words: Words) -> None:
    """Break every rule of the socket."""
    auth = json.dumps({"type": "AUTH", "payload": {"token": ann.token}})
    for frames in (
        [words.new("a frame")],
        [json.dumps({"type": words.new("a type"), "payload": {}})],
        [json.dumps({"type": "AUTH", "payload": {"token": words.new("a bad token")}})],
        [words.new("bytes").encode()],
        [words.new("a large frame") * 2_000],
        [auth, words.new("a frame")],
        [auth, json.dumps({"type": "PING", "payload": {"seq": words.new("a number")}})],
    ):
        async with connect(ann.addresses.socket, compression=None) as socket:
            for frame in frames:
                await socket.send(frame)
            async with asyncio.timeout(DEADLINE_SECONDS):
                await socket.wait_closed()
    async with connect(ann.addresses.socket, compression=None) as socket:
        await socket.close(4999, words.new("a reason to go"))
    for address, headers in (
        (f"{ann.addresses.socket}?token={words.new('a token in an address')}", {}),
        (f"{ann.addresses.socket}/{words.new('a path')}", {}),
        (ann.addresses.socket, {"Origin": f"https://{words.new('an origin')}.example"}),
        (ann.addresses.socket, {"Cookie": words.new("a cookie")}),
    ):
        with suppress(WebSocketException):
            async with connect(address, additional_headers=headers):
                pass


async def send_no_http(system: System, words: Words) -> None:
    """Send to every port what is no HTTP at all."""
    for process in PROCESSES:
        port = int(system.environment[process.port_variable])
        for begin in ("", "GET /", "GET / HTTP/1.1\r\n", "\x16\x03\x01"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"{begin}{words.new('bytes')}\r\n{words.new('bytes')}\r\n\r\n".encode())
            writer.write_eof()
            with suppress(OSError):
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await reader.read()
            writer.close()


async def send_poison(system: System, john: Person, words: Words) -> None:
    """Send events that nobody can apply, from a service that may send and from one that may do all."""
    async with OtherService.of(system, "billing") as billing:
        data = NotificationRequestedData(
            recipients=(uuid4(), *([] if not john.id else [type(uuid4())(john.id)])),
            kind="invoice_overdue",
            message=words.new("a message of another service"),
            link=f"/{words.new('a link of another service')}",
        )
        await billing.publish(
            NotificationRequested(id=str(uuid4()), source="/billing", time=datetime.now(UTC), data=data)
        )

    def envelope(**changes: object) -> bytes:
        content: dict[str, object] = {"specversion": "1.0", "id": str(uuid4()), "type": "taskify.task.assigned.v1"}
        content |= {"source": "/task-service", "subject": words.new("a subject"), "data": {"of": words.new("data")}}
        return json.dumps(content | {"time": datetime.now(UTC).isoformat()} | changes).encode()

    bodies = (
        words.new("no envelope").encode(),
        envelope(type=words.new("a type")),
        envelope(data={"actor": {"id": words.new("an id"), "name": words.new("a name")}}),
        envelope(time=words.new("a time")),
        envelope(id=words.new("an id"), traceparent=words.new("a trace")),
        envelope(type="taskify.user.renamed.v1", data={"user": {"id": str(uuid4()), "name": words.new("a name")}}),
        b"\xff\xfe" + words.new("bytes").encode(),
    )
    assert len(bodies) == DEAD_LETTERS
    connection = await aio_pika.connect(system.admin_broker_url)
    async with connection:
        exchange = await (await connection.channel()).get_exchange(DOMAIN_EVENTS, ensure=False)
        for number, body in enumerate(bodies):
            message = aio_pika.Message(
                body,
                message_id=words.new("the id of a message"),
                type=words.new("the type of a message"),
                headers={"x-note": words.new("a header of a message")},
            )
            await exchange.publish(message, f"task.assigned.{number}")


async def logged(logs: Path, event: str, times: int = 1) -> None:
    """Wait until the processes have told of an event so many times."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while count_of(logs, event) < times:
            await asyncio.sleep(0.1)


def count_of(logs: Path, event: str) -> int:
    return sum(log.read_text(errors="replace").count(f'"event": "{event}"') for log in logs.glob("*.log"))


async def test_nothing_of_anybody_stands_in_a_log_line_a_metric_or_a_span(
    watched_system: System, collector: Collector, http: httpx.AsyncClient
) -> None:
    system, words = watched_system, Words()
    for what, secret in secrets_of(system.home, system.environment):
        words.remember(f"a secret: {what}", secret)
    logs = system.home / "logs"
    letters = count_of(logs, "dead_lettered")
    password = words.new("a password")
    ann, john = [await person(system, http, words, password) for _ in range(2)]

    await live_together(ann, john, words)
    await send_poison(system, john, words)
    await send_garbage_frames(john, words)
    await send_no_http(system, words)
    await send_rubbish(john, words)
    await log_in_badly(ann, words, password)
    await logged(logs, "dead_lettered", letters + DEAD_LETTERS)
    for event in ("request_answered", "row_published", "event_applied", "frames_pushed", "connection_closed"):
        await logged(logs, event)
    for event in ("login_throttled", "refresh_token_reused", "recipients_unknown"):
        await logged(logs, event)

    written = {log.name: log.read_text(errors="replace") for log in logs.glob("*.log")}
    assert {f"{process.name}.log" for process in PROCESSES} <= written.keys()
    for process in PROCESSES:
        seen = await scrape(f"http://127.0.0.1:{system.environment[process.port_variable]}")
        written[f"metrics of {process.name}"] = UUID.sub(words.new("any id"), seen.text)
    await asyncio.to_thread(collector.until, lambda seen: len(seen.bodies) > 0, "span")
    written["spans"] = b"".join(collector.bodies).decode(errors="replace")
    assert {name: found for name, text in written.items() if (found := words.found_in(text))} == {}
