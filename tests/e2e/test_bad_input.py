"""Every way in refuses what is wrong with the stated problem, close code or dead letter, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection, connect

from contracts.socket.close_codes import CloseCode
from contracts.topology import DOMAIN_EVENTS, WORKER_DEAD_LETTERS
from tests.support.people import Person
from tests.support.system import System

pytestmark = pytest.mark.e2e

DEADLINE_SECONDS = 120

Json = dict[str, Any]


@pytest.fixture
async def ann(system: System, http: httpx.AsyncClient) -> Person:
    return await Person.register(http, system.addresses, "Ann")


@pytest.fixture(autouse=True)
async def nobody_else_is_disturbed(system: System, http: httpx.AsyncClient) -> AsyncIterator[None]:
    """While a test sends what is wrong, another person's window stays open; afterwards it still learns of a change."""
    john, maria = [await Person.register(http, system.addresses, name) for name in ("John", "Maria")]
    async with maria.window() as window:
        yield
        await john.create_task("Fix login bug", assignee_id=maria.id)
        await window.until(lambda seen: seen.unread_count == 1, "the assignment")
        assert window.frames[-1]["payload"]["message"] == "John assigned you 'Fix login bug'"


def problem(answer: httpx.Response, status: int, word: str) -> Json:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content: Json = answer.json()
    assert content["type"] == word
    assert content["status"] == status
    assert content["detail"]
    return content


async def test_a_body_that_is_not_json_is_400(ann: Person) -> None:
    for method, path in (("POST", "/api/tasks"), ("POST", "/api/notifications/read")):
        answer = await ann.call(method, path, content=b'{"title": ', headers={"Content-Type": "application/json"})

        problem(answer, 400, "invalid_request")


async def test_an_unknown_field_is_422_and_named(ann: Person) -> None:
    answer = await ann.call("POST", "/api/tasks", json={"title": "A", "colour": "red"})
    assert [error["where"] for error in problem(answer, 422, "invalid_request")["errors"]] == ["body.colour"]

    answer = await ann.call("POST", "/api/notifications/read", json={"id": str(uuid4()), "colour": "red"})
    assert "colour" in json.dumps(problem(answer, 422, "invalid_request")["errors"])


@pytest.mark.parametrize("fields", [{}, {"title": ""}, {"title": "x" * 201}, {"title": "A", "status": "late"}])
async def test_a_task_that_breaks_a_bound_is_422(ann: Person, fields: Json) -> None:
    problem(await ann.call("POST", "/api/tasks", json=fields), 422, "invalid_request")


async def test_an_oversized_body_is_413(ann: Person) -> None:
    big = b'{"title": "' + b"x" * 1_100_000 + b'"}'
    for path in ("/api/tasks", "/api/notifications/read"):
        answer = await ann.call("POST", path, content=big, headers={"Content-Type": "application/json"})

        problem(answer, 413, "payload_too_large")


async def test_an_unknown_id_is_404(ann: Person) -> None:
    problem(await ann.call("GET", f"/api/tasks/{uuid4()}"), 404, "not_found")
    problem(await ann.call("POST", "/api/notifications/read", json={"id": str(uuid4())}), 404, "not_found")


def forged(token: str, key: Ed25519PrivateKey | str, algorithm: str = "EdDSA", **claims: object) -> str:
    """Make a token with the claims and the key id of a good one, but for what is given."""
    key_id = jwt.get_unverified_header(token)["kid"]
    content = {**jwt.decode(token, options={"verify_signature": False}), **claims}
    return jwt.encode(content, key, algorithm, headers={"kid": key_id})


def bad_tokens(system: System, token: str) -> dict[str, str]:
    (own_key,) = Path(system.environment["TASKIFY_SIGNING_KEYS"]).glob("*.pem")
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    return {
        "no token at all": "x",
        "not a token": "a.b.c",
        "tampered": token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"),
        "foreign key": forged(token, Ed25519PrivateKey.generate()),
        "expired": forged(token, own_key.read_text(), exp=an_hour_ago),
        "for another service": forged(token, own_key.read_text(), aud="another"),
        "alg none": forged(token, "", "none"),
    }


async def test_a_bad_token_is_401_at_both_apis(system: System, ann: Person) -> None:
    good = ann.token
    for what, token in bad_tokens(system, good).items():
        ann.token = token
        for path in ("/api/tasks", "/api/notifications"):
            answer = await ann.call("GET", path)

            assert problem(answer, 401, "unauthenticated"), what
            assert answer.headers["www-authenticate"].startswith("Bearer"), what
    for address in (f"{ann.addresses.api}/api/tasks", f"{ann.addresses.notifications}/api/notifications"):
        problem(await ann.http.get(address), 401, "unauthenticated")


async def closing(socket: ClientConnection) -> int:
    """Wait until the gateway closes, and give its code."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code


async def test_a_bad_token_is_4401_on_the_socket(system: System, ann: Person) -> None:
    for what, token in bad_tokens(system, ann.token).items():
        async with connect(ann.addresses.socket, compression=None) as socket:
            await socket.send(json.dumps({"type": "AUTH", "payload": {"token": token}}))

            assert await closing(socket) == CloseCode.UNAUTHENTICATED, what


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        '{"type": "SING", "payload": {}}',
        '{"type": "AUTH"}',
        '{"type": "PING", "payload": {"seq": 0}}',
        b"\x00\x01",
    ],
)
async def test_a_malformed_or_untimely_frame_is_4400(ann: Person, frame: str | bytes) -> None:
    async with connect(ann.addresses.socket, compression=None) as socket:
        await socket.send(frame)

        assert await closing(socket) == CloseCode.MALFORMED


async def test_a_frame_over_16_kib_is_1009(ann: Person) -> None:
    async with connect(ann.addresses.socket, compression=None) as socket:
        await socket.send("x" * 20_000)

        assert await closing(socket) == CloseCode.FRAME_TOO_BIG


async def test_silence_after_connecting_is_4408(ann: Person) -> None:
    async with connect(ann.addresses.socket, compression=None) as socket:
        assert await closing(socket) == CloseCode.NO_TOKEN_IN_TIME


def envelope(**changes: object) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(uuid4()),
            "type": "taskify.task.sung.v1",
            "source": "/task-service",
            "subject": str(uuid4()),
            "time": datetime.now(UTC).isoformat(),
            "data": {},
            **changes,
        }
    ).encode()


@pytest.mark.parametrize(
    ("routing_key", "body", "reason"),
    [
        ("task.assigned.3", b"this is no envelope", "not_an_envelope"),
        ("task.sung.3", envelope(), "unknown_event_type"),
        ("task.assigned.3", envelope(type="taskify.task.assigned.v1"), "invalid_event_data"),
        ("user.registered", envelope(type="taskify.user.registered.v1", data={"user": 1}), "invalid_event_data"),
    ],
)
async def test_an_event_that_cannot_be_handled_is_dead_lettered_with_its_reason(
    system: System, routing_key: str, body: bytes, reason: str
) -> None:
    message_id = str(uuid4())
    connection = await aio_pika.connect(system.admin_broker_url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(DOMAIN_EVENTS, ensure=False)
        await exchange.publish(aio_pika.Message(body, message_id=message_id), routing_key)
        dead_letters = await channel.get_queue(WORKER_DEAD_LETTERS)
        async with asyncio.timeout(DEADLINE_SECONDS), dead_letters.iterator() as letters:
            async for letter in letters:
                await letter.ack()
                if letter.message_id == message_id:
                    break

    assert letter.body == body
    assert letter.headers["x-reason"] == reason
