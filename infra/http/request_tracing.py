"""The trace of a request: where each begins."""

import time

from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.metrics.families import OTHER
from infra.telemetry import tracing
from infra.telemetry.logging import get_logger
from infra.telemetry.traceparent import new_traceparent, under
from infra.telemetry.tracing import Kind, OpenSpan

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""For every application: FastAPI's own spans, which an `OTEL_…` variable turns on, hold paths and queries."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_SERVER_ERROR = 500

log = get_logger("requests")


class TracedRequests:
    """ASGI middleware, outside of all others: each request to the API is a trace of its own.

    A `traceparent` that the client sends is not followed: anybody on the internet could make us record everything, or
    put their requests into the trace of somebody else (W3C Trace Context, section 7). The page, health and metrics are
    no part of any trace.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
        elif tracing.is_watched():
            await self._told(scope, receive, send)
        else:
            with under(new_traceparent()):
                await self._app(scope, receive, send)

    async def _told(self, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = None

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else OTHER
        span = tracing.begin(method, Kind.SERVER)
        began_at = time.monotonic()
        with under(new_traceparent() if span is None else span.traceparent):
            try:
                await self._app(scope, receive, watched)
            finally:
                # The template in the code, which is known when the request was routed: a path holds ids.
                route = getattr(scope.get("route"), "path_format", OTHER)
                seconds = time.monotonic() - began_at
                log.debug("request_answered", method=method, route=route, status=status, seconds=round(seconds, 4))
                if span is not None:
                    _end(span, method, route, status)


def _end(span: OpenSpan, method: str, route: str, status: int | None) -> None:
    error = "no_answer" if status is None else str(status) if status >= _SERVER_ERROR else None
    attributes: dict[str, str | int] = {"http.request.method": method, "http.route": route}
    if status is not None:
        attributes["http.response.status_code"] = status
    span.end(attributes, name=f"{method} {route}", error=error)
