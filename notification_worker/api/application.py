"""The notification API as an application, without its connections."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.responses import Response

from contracts.problems import ProblemType
from infra.database.errors import is_database_away
from infra.http.body_limit import BodyLimit
from infra.http.problems import PROBLEM_RESPONSES, ProblemTable, install_problems, problem_response
from notification_worker.api.context import ApiContext
from notification_worker.api.notifications import routes
from notification_worker.commands.errors import NotificationNotFoundError

PROBLEMS: ProblemTable = {
    NotificationNotFoundError: (HTTPStatus.NOT_FOUND, ProblemType.NOT_FOUND),
}

_PREFLIGHT_SECONDS = 600


def notification_api(allowed_origins: Sequence[str] = ()) -> FastAPI:
    """Make the application; `connect` gives it what its routes need."""
    app = FastAPI(
        title="Taskify notifications",
        version="1",
        description="A person's own notifications: the unread ones, what changed since, and marking.",
        docs_url=None,
        redoc_url=None,
        responses=PROBLEM_RESPONSES,
    )
    app.include_router(routes)
    install_problems(app, PROBLEMS)
    for error in (DBAPIError, PoolTimeoutError, OSError):
        app.add_exception_handler(error, _database_error)
    app.add_middleware(BodyLimit)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Link"],
        max_age=_PREFLIGHT_SECONDS,
    )
    return app


def connect(app: FastAPI, context: ApiContext) -> None:
    """Give the routes their connections."""
    app.state.context = context


def _database_error(_: Request, error: Exception) -> Response:
    if is_database_away(error):
        return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer now")
    raise error
