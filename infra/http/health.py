"""The health pages over HTTP."""

from fastapi import APIRouter, FastAPI, Response, status

from infra.health import Health, Readiness


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


def health_app(health: Health) -> FastAPI:
    """Give the whole HTTP side of a process that has no API."""
    app = FastAPI(openapi_url=None)
    app.include_router(health_routes(health))
    return app
