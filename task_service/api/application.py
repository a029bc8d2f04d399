"""The routes, put together."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from infra.http.problems import PROBLEM_RESPONSES
from infra.http.request_tracing import NO_TELEMETRY
from task_service.api import auth, comments, privacy, tasks, users, watchers
from task_service.api.errors import install_errors
from task_service.api.page import Page


def _operation_id(route: APIRoute) -> str:
    return route.name


def create_api(discovery: APIRouter, health: APIRouter, web_folder: Path) -> FastAPI:
    """Make the application; `app.state.services` is set by whoever serves it, and not needed to describe it."""
    app = FastAPI(
        title="Taskify tasks",
        version="1",
        description="Tasks, comments and people. Errors are problems (RFC 9457); times are RFC 3339 in UTC.",
        openapi_url=None,
        telemetry=NO_TELEMETRY,
        redirect_slashes=False,
        responses=PROBLEM_RESPONSES,
        generate_unique_id_function=_operation_id,
    )
    install_errors(app)
    # FastAPI tries them one after the other, twice: what is asked for most comes first.
    for routes in (
        tasks.routes,
        comments.routes,
        auth.routes,
        users.routes,
        privacy.routes,
        watchers.routes,
        discovery,
        health,
    ):
        app.include_router(routes)
    app.router.default = Page(web_folder)
    return app
