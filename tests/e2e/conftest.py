import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from tests.support.browser import OpenPage, launched
from tests.support.collector import Collector, collecting
from tests.support.people import Person
from tests.support.system import System


@pytest.fixture(scope="session")
async def system() -> AsyncIterator[System]:
    """The whole system, once for all end-to-end tests; each makes people and tasks of its own."""
    with tempfile.TemporaryDirectory(prefix="taskify-e2e-") as folder:
        async with System.started(Path(folder)) as running:
            yield running


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the watched system sends its traces."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
async def watched_system(collector: Collector) -> AsyncIterator[System]:
    """Another whole system, which tells all that it can: with traces, and log lines of every level."""
    told = {"TASKIFY_TRACES_ENDPOINT": collector.endpoint, "TASKIFY_LOG_LEVEL": "DEBUG"}
    with tempfile.TemporaryDirectory(prefix="taskify-e2e-") as folder:
        async with System.started(Path(folder), settings=told) as running:
            yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        yield client


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await launched(playwright.chromium)
        yield started
        await started.close()


@pytest.fixture
async def ann(system: System, http: httpx.AsyncClient) -> Person:
    return await Person.register(http, system.addresses, f"Ann {uuid4().hex[:6]}")


@pytest.fixture
async def john(system: System, http: httpx.AsyncClient) -> Person:
    return await Person.register(http, system.addresses, f"John {uuid4().hex[:6]}")


@pytest.fixture
async def maria(system: System, http: httpx.AsyncClient) -> Person:
    return await Person.register(http, system.addresses, f"Maria {uuid4().hex[:6]}")


@pytest.fixture
async def open_page(system: System, browser: Browser) -> AsyncIterator[OpenPage]:
    opened = OpenPage(system.addresses, browser)
    yield opened
    await opened.close()
