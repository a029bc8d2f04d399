"""Errors as problems, and bodies within their limit. Source of the format: RFC 9457."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict

from contracts.problems import MEDIA_TYPE, ProblemType
from infra.auth import TokenExpiredError
from infra.errors import UnavailableError
from infra.http.body_limit import DISCARDED_BYTES, BodyLimit
from infra.http.problems import install_problems

LIMIT_BYTES = 1_000


class TakenError(Exception):
    pass


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


def build_app() -> FastAPI:
    app = FastAPI()
    install_problems(app, {TakenError: (HTTPStatus.CONFLICT, ProblemType.EMAIL_TAKEN)})
    app.add_middleware(BodyLimit, limit_bytes=LIMIT_BYTES)
    errors: dict[str, Exception] = {
        "taken": TakenError("somebody has it"),
        "expired": TokenExpiredError("the token has expired"),
        "away": UnavailableError("the database is away"),
        "limited": HTTPException(429, "slow down", {"Retry-After": "3"}),
        "bug": ZeroDivisionError("a secret of ours"),
    }

    @app.get("/fail/{how}")
    async def fail(how: str) -> None:
        raise errors[how]

    @app.post("/things")
    async def make(thing: Thing, number: Annotated[int, Query()] = 1) -> str:
        return thing.name * number

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("how", "status", "problem", "detail"),
    [
        ("taken", 409, "email_taken", "somebody has it"),
        ("expired", 401, "unauthenticated", "the token has expired"),
        ("away", 503, "unavailable", "the database is away"),
        ("limited", 429, "too_many_requests", "slow down"),
        ("bug", 500, "internal_error", "the service failed; the failure was logged"),
    ],
)
async def test_each_error_is_its_problem(
    client: httpx.AsyncClient, how: str, status: int, problem: str, detail: str
) -> None:
    answer = await client.get(f"/fail/{how}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json() == {
        "type": problem,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [],
    }


async def test_headers_that_an_answer_needs_are_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/fail/limited")).headers["retry-after"] == "3"
    assert (await client.get("/fail/expired")).headers["www-authenticate"] == "Bearer"


async def test_invalid_fields_are_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things?number=x", json={"name": 1, "more": 2})

    assert answer.status_code == 422
    assert answer.json()["type"] == "invalid_request"
    assert {error["where"] for error in answer.json()["errors"]} == {"query.number", "body.name", "body.more"}


async def test_a_body_that_is_not_json_is_a_bad_request(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", content=b"{", headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["type"] == "invalid_request"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/things", 405)])
async def test_what_the_framework_refuses_is_a_problem_too(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE


async def test_a_body_within_the_limit_passes(client: httpx.AsyncClient) -> None:
    assert (await client.post("/things", json={"name": "x" * (LIMIT_BYTES - 50)})).status_code == 200


async def test_a_body_declared_over_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": "x" * LIMIT_BYTES})

    assert answer.status_code == 413
    assert answer.json()["type"] == "payload_too_large"


async def test_a_chunked_body_over_the_limit_is_refused_without_reading_all_of_it(client: httpx.AsyncClient) -> None:
    chunks = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal chunks
        for _ in range(100):
            chunks += 1
            yield b"x" * 1024 * 1024

    answer = await client.post("/things", content=body(), headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert chunks <= DISCARDED_BYTES // (1024 * 1024) + 2, "what is thrown away has a bound too"


async def test_a_length_that_is_no_number_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", content=b"{}", headers={"content-length": "-1"})

    assert answer.status_code == 413
