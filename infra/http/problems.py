"""Every error of an API as one format, `application/problem+json`. Source: RFC 9457."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from contracts.problems import MEDIA_TYPE, FieldProblem, Problem, ProblemType
from infra.auth import TokenError
from infra.database.errors import is_conflict, is_database_away
from infra.errors import TooManyRequestsError, UnavailableError
from infra.telemetry.logging import get_logger

log = get_logger("http")

ProblemTable = Mapping[type[Exception], tuple[HTTPStatus, ProblemType]]
"""The errors of a service and what each is over HTTP; the error's text becomes the detail.

One that has `retry_after_seconds` says by it when the same request may be sent again.
"""

_BY_STATUS = {
    HTTPStatus.BAD_REQUEST: ProblemType.INVALID_REQUEST,
    HTTPStatus.UNAUTHORIZED: ProblemType.UNAUTHENTICATED,
    HTTPStatus.FORBIDDEN: ProblemType.FORBIDDEN,
    HTTPStatus.NOT_FOUND: ProblemType.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ProblemType.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ProblemType.PAYLOAD_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ProblemType.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY: ProblemType.INVALID_REQUEST,
    HTTPStatus.TOO_MANY_REQUESTS: ProblemType.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE: ProblemType.UNAVAILABLE,
}

_DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What `infra.database.direct` raises."""

_INFRA_PROBLEMS: ProblemTable = {
    TokenError: (HTTPStatus.UNAUTHORIZED, ProblemType.UNAUTHENTICATED),
    TooManyRequestsError: (HTTPStatus.TOO_MANY_REQUESTS, ProblemType.TOO_MANY_REQUESTS),
    UnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, ProblemType.UNAVAILABLE),
}

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong (RFC 9457)",
        "model": Problem,
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}},
    },
}
"""For `responses=` of an application, so that its OpenAPI tells of problems."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    type: ProblemType
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    headers: Mapping[str, str] | None = None

    def response(self) -> Response:
        problem = Problem(
            type=self.type, title=self.status.phrase, status=self.status, detail=self.detail, errors=self.errors
        )
        headers = dict(self.headers or {})
        if self.status is HTTPStatus.UNAUTHORIZED:
            headers.setdefault("WWW-Authenticate", "Bearer")
        return Response(problem.model_dump_json(), self.status, headers, MEDIA_TYPE)


def problem_response(
    status: HTTPStatus,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: tuple[FieldProblem, ...] = (),
) -> Response:
    """Answer with a problem from outside a route, as a middleware does."""
    return _Answer(status, _BY_STATUS[status], detail, errors, headers).response()


def install_problems(app: FastAPI, table: ProblemTable) -> None:
    """Translate the errors of a service, of its requests and of the framework into problems."""
    for error, (status, problem) in {**_INFRA_PROBLEMS, **table}.items():
        app.add_exception_handler(error, _translate(status, problem))
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _framework_error)
    for trouble in (DBAPIError, PoolTimeoutError, OSError, *_DRIVER_ERRORS):
        app.add_exception_handler(trouble, _database_trouble)
    app.add_exception_handler(Exception, _internal_error)


def _translate(status: HTTPStatus, problem: ProblemType) -> Any:  # noqa: ANN401 (Starlette's handler type is wider than ours)
    def handle(_: Request, error: Exception) -> Response:
        seconds = getattr(error, "retry_after_seconds", None)
        headers = None if seconds is None else {"Retry-After": str(seconds)}
        return _Answer(status, problem, str(error) or status.phrase, headers=headers).response()

    return handle


def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (registered for this class only)
    details = error.errors()
    errors = tuple(FieldProblem(where=_where(detail["loc"]), message=str(detail["msg"])) for detail in details)
    if any(detail["type"] == "json_invalid" for detail in details):
        return _Answer(HTTPStatus.BAD_REQUEST, ProblemType.INVALID_REQUEST, "the body is not JSON", errors).response()
    if not _says_json(request) and any(
        detail["loc"] == ("body",) and detail["type"] != "missing" for detail in details
    ):
        # FastAPI hands a body of another kind over unread, so all that is wrong with it is that it is no object.
        return problem_response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body is not application/json")
    return _Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, ProblemType.INVALID_REQUEST, "the request is not valid", errors
    ).response()


def _where(location: Iterable[object]) -> str:
    """Write a path into the request; of a name that is wrong itself pydantic says so behind it, as `[key]`."""
    return ".".join(str(part) for part in location if part != "[key]")


def _says_json(request: Request) -> bool:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _framework_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for this class only)
    status = HTTPStatus(error.status_code)
    return _Answer(
        status, _BY_STATUS.get(status, ProblemType.INVALID_REQUEST), str(error.detail), headers=error.headers
    ).response()


def _database_trouble(request: Request, error: Exception) -> Response:
    """Tell a database that is away, or too busy, from a mistake of ours."""
    if not is_database_away(error) and not is_conflict(error):
        return _internal_error(request, error)
    log.warning("database_away", error=type(error).__name__)
    return _Answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ProblemType.UNAVAILABLE,
        "the database does not answer now",
        headers={"Retry-After": "1"},
    ).response()


def _internal_error(_: Request, error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    return _Answer(
        HTTPStatus.INTERNAL_SERVER_ERROR, ProblemType.INTERNAL_ERROR, "the service failed; the failure was logged"
    ).response()
