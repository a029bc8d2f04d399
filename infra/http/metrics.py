"""The metrics of a process over HTTP, on the port where its health is."""

from collections.abc import Container

from fastapi import APIRouter, HTTPException, Request, Response, status
from prometheus_client import CollectorRegistry

from infra.metrics.registry import MEDIA_TYPE, metrics_page

PATH = "/metrics"


def metrics_routes(registry: CollectorRegistry) -> APIRouter:
    """Give `/metrics`, which needs no token."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def metrics(request: Request) -> Response:
        if is_forwarded(request.headers):
            raise HTTPException(status.HTTP_404_NOT_FOUND)
        return Response(metrics_page(registry), media_type=MEDIA_TYPE)

    return routes


def is_forwarded(headers: Container[str]) -> bool:
    """Say whether a proxy speaks for somebody: metrics are for those who reach the process itself."""
    return any(name in headers for name in ("X-Forwarded-For", "Forwarded"))
