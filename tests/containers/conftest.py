"""The system of `compose.yaml`, built and started once; it is taken down with its data, and the images stay."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import async_playwright

from tests.containers.engine import (
    BUILD_SECONDS,
    FRONT,
    Compose,
    EngineMissingError,
    FrontTakenError,
    only_run,
    require_free_front,
    run,
)
from tests.support.browser import OpenPage, launched
from tests.support.people import Addresses, Person


@pytest.fixture(scope="session")
async def compose(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Compose]:
    no_settings: Path = tmp_path_factory.mktemp("compose") / "no-settings"
    no_settings.touch()
    with ExitStack() as stack:
        try:
            found = await Compose.found(no_settings)
            stack.enter_context(only_run())
            # Whatever a run that was killed has left behind.
            await found.down("--volumes")
            require_free_front()
        except (EngineMissingError, FrontTakenError) as error:
            pytest.exit(str(error), returncode=1)
        await run("infra/containers/images.sh", seconds=BUILD_SECONDS)
        try:
            await found.up()
            yield found
        finally:
            await found.down("--volumes")


@pytest.fixture(scope="session")
async def addresses(compose: Compose) -> Addresses:
    """Where the page finds everything, as it learns that itself."""
    assert compose.words
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        told = (await client.get(f"{FRONT}/config.json")).raise_for_status().json()
    return Addresses(told["apiUrl"], told["notificationsUrl"], told["socketUrl"])


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        yield client


@pytest.fixture
async def ann(addresses: Addresses, http: httpx.AsyncClient) -> Person:
    return await Person.register(http, addresses, f"Ann {uuid4().hex[:6]}")


@pytest.fixture
async def john(addresses: Addresses, http: httpx.AsyncClient) -> Person:
    return await Person.register(http, addresses, f"John {uuid4().hex[:6]}")


@pytest.fixture
async def open_page(addresses: Addresses) -> AsyncIterator[OpenPage]:
    async with async_playwright() as playwright:
        browser = await launched(playwright.chromium)
        opened = OpenPage(addresses, browser)
        yield opened
        await opened.close()
        await browser.close()
