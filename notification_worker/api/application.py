"""The notification API as an application, without its connections."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from contracts.problems import ProblemType
from infra.http.body_limit import BodyLimit
from infra.http.problems import PROBLEM_RESPONSES, ProblemTable, install_problems
from infra.http.rate_limit import AddressLimit, RequestLimits
from infra.http.request_tracing import NO_TELEMETRY
from notification_worker.api import explanations, muted_tasks, notifications, preferences
from notification_worker.api.context import ApiContext
from notification_worker.api.uncached_answers import UncachedAnswers
from notification_worker.commands.errors import NotificationNotFoundError, PersonErasedError

PROBLEMS: ProblemTable = {
    NotificationNotFoundError: (HTTPStatus.NOT_FOUND, ProblemType.NOT_FOUND),
    PersonErasedError: (HTTPStatus.UNAUTHORIZED, ProblemType.UNAUTHENTICATED),
}

_PREFLIGHT_SECONDS = 600


def notification_api() -> FastAPI:
    """Make the application; `connect` gives it what its routes need."""
    app = FastAPI(
        title="Taskify notifications",
        version="1",
        description="A person's own notifications: lists, what changed since, marking, why, and what to be told of.",
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
        responses=PROBLEM_RESPONSES,
    )
    # Paths with a name in them come before those with an id in its place.
    for routes in (preferences.routes, muted_tasks.routes, explanations.routes, notifications.routes):
        app.include_router(routes)
    install_problems(app, PROBLEMS)
    return app


def wrap(app: ASGIApp, allowed_origins: Sequence[str], limits: RequestLimits) -> ASGIApp:
    """Put the application into its middleware, outside of which nothing answers: a page may read failures too."""
    return CORSMiddleware(
        UncachedAnswers(AddressLimit(BodyLimit(app), limits)),
        allow_origins=list(allowed_origins),
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "traceparent"],
        expose_headers=["Link", "Retry-After"],
        max_age=_PREFLIGHT_SECONDS,
    )


def connect(app: FastAPI, context: ApiContext) -> None:
    """Give the routes their connections."""
    app.state.context = context
