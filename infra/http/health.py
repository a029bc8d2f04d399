"""The health pages over HTTP, and the whole of what a process without an API shows."""

from fastapi import APIRouter, FastAPI, Response, status
from prometheus_client import CollectorRegistry

from infra.health import Health, Readiness
from infra.http.metrics import metrics_routes
from infra.http.request_tracing import NO_TELEMETRY


def health_routes(health: Health) -> APIRouter:
    """Give `/health/live` and `/health/ready`, which need no token."""
    routes = APIRouter(prefix="/health", tags=["health"], include_in_schema=False)

    @routes.get("/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @routes.get("/ready")
    async def ready(response: Response) -> Readiness:
        readiness = await health.readiness()
        if not readiness.ready:
            response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return readiness

    return routes


def health_app(health: Health, registry: CollectorRegistry) -> FastAPI:
    """Give the whole HTTP side of a process that has no API: its health and its metrics."""
    app = FastAPI(openapi_url=None, telemetry=NO_TELEMETRY)
    app.include_router(health_routes(health))
    app.include_router(metrics_routes(registry))
    return app
