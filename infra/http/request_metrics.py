"""What an API counts of its requests."""

import time
from collections import defaultdict
from collections.abc import Iterable

from fastapi import FastAPI
from prometheus_client.metrics_core import Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.metrics.families import OTHER, counter_by, histogram_by
from infra.metrics.tallies import Distribution

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_FAILED = "5xx"
"""Of a request that ended without an answer, too."""

_FORESEEN = ("2xx", "4xx", _FAILED)
"""What each operation may end in. A redirect is none of an API's answers."""


class RequestMetrics:
    """A collector of what `CountedRequests` counts.

    A route is named by its template, as the code has it: never by the path that was asked for. What no route took (a
    file of the page, an unknown path, what a limit refused before) is of the route `other`.

    The operations that the application documents, and `GET` of `other`, show from the start: all routes must be in it
    by then. Anything else (health, a method that a route does not have) shows with its first request.
    """

    def __init__(self, app: FastAPI) -> None:
        paths = app.openapi()["paths"]
        foreseen = [(path, method.upper()) for path, methods in paths.items() for method in methods] + [(OTHER, "GET")]
        self._counts: defaultdict[tuple[str, ...], int] = defaultdict(
            int, {(*operation, status): 0 for operation in foreseen for status in _FORESEEN}
        )
        self._seconds: defaultdict[tuple[str, ...], Distribution] = defaultdict(
            Distribution, {operation: Distribution() for operation in foreseen}
        )

    def count(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Count a request that has ended; `status` is None if it was never answered."""
        route = getattr(scope.get("route"), "path_format", OTHER)
        method = scope["method"] if scope["method"] in _METHODS else OTHER
        self._counts[route, method, _FAILED if status is None else f"{status // 100}xx"] += 1
        self._seconds[route, method].observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """Read everything as it is now."""
        yield counter_by(
            "taskify_http_requests_total", "Requests that have ended", ("route", "method", "status"), self._counts
        )
        yield histogram_by(
            "taskify_http_request_seconds",
            "Time from a request to the end of its answer",
            ("route", "method"),
            self._seconds,
        )


class CountedRequests:
    """ASGI middleware, outside of all others, so that what they answer is counted too."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int | None = None

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began_at = time.monotonic()
        try:
            await self._app(scope, receive, watched)
        finally:
            self._metrics.count(scope, status, time.monotonic() - began_at)
