"""Requests are counted by what the code names, never by what was asked for."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, HTTPException

from infra.http.metrics import metrics_routes
from infra.http.request_metrics import CountedRequests, RequestMetrics
from infra.metrics.registry import process_registry
from tests.support.metrics import Scrape


def shop() -> CountedRequests:
    routes = APIRouter(prefix="/api/things")

    @routes.get("/{thing_id}")
    async def one(thing_id: int) -> int:
        if thing_id > 9:
            raise HTTPException(404)
        return thing_id

    @routes.delete("/{thing_id}")
    async def delete(thing_id: int) -> None:
        raise RuntimeError(thing_id)

    app, registry = FastAPI(), process_registry()
    app.include_router(routes)
    requests = RequestMetrics(app)
    registry.register(requests)
    app.include_router(metrics_routes(registry))
    return CountedRequests(app, requests)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(shop(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


async def counted(client: httpx.AsyncClient) -> Scrape:
    return Scrape((await client.get("/metrics")).text)


async def test_requests_are_counted_by_route_template_method_and_class_of_status(client: httpx.AsyncClient) -> None:
    for path in ("/api/things/1", "/api/things/2?by=ann", "/api/things/10", "/api/things/none"):
        await client.get(path)
    await client.delete("/api/things/1")

    seen = await counted(client)
    things = "/api/things/{thing_id}"
    assert seen.value("taskify_http_requests_total", route=things, method="GET", status="2xx") == 2
    assert seen.value("taskify_http_requests_total", route=things, method="GET", status="4xx") == 2
    assert seen.value("taskify_http_requests_total", route=things, method="DELETE", status="5xx") == 1
    assert seen.value("taskify_http_request_seconds_count", route=things, method="GET") == 4


async def test_nothing_that_a_client_chose_becomes_a_label(client: httpx.AsyncClient) -> None:
    await client.get("/ann@example.org/018f0000-0000-7000-8000-000000000000")
    await client.request("BREW", "/coffee")
    await client.get("/api/things/1", headers={"User-Agent": "ann"})

    assert (await counted(client)).labels() == {
        "route": {"other", "/api/things/{thing_id}"},
        "method": {"GET", "DELETE", "other"},
        "status": {"2xx", "4xx", "5xx"},
    }


async def test_the_first_failure_of_each_documented_operation_is_seen_as_a_step_from_zero(
    client: httpx.AsyncClient,
) -> None:
    deleting = {"route": "/api/things/{thing_id}", "method": "DELETE"}
    before = await counted(client)
    await client.delete("/api/things/1")
    after = await counted(client)

    assert before.value("taskify_http_requests_total", **deleting, status="5xx") == 0
    assert before.value("taskify_http_request_seconds_count", **deleting) == 0
    assert before.value("taskify_http_requests_total", route="other", method="GET", status="5xx") == 0
    assert after.value("taskify_http_requests_total", **deleting, status="5xx") == 1
    assert after.value("taskify_http_request_seconds_count", **deleting) == 1


async def test_the_page_has_memory_and_files_of_the_process_and_no_proxy_gets_it(client: httpx.AsyncClient) -> None:
    seen = await counted(client)
    assert (seen.value("process_resident_memory_bytes") or 0) > 1_000_000
    assert (seen.value("process_open_fds") or 0) > 0

    for header in ("X-Forwarded-For", "Forwarded"):
        assert (await client.get("/metrics", headers={header: "for=203.0.113.7"})).status_code == 404
