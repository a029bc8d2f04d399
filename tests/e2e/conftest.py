import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from tests.support.system import System


@pytest.fixture(scope="session")
async def system() -> AsyncIterator[System]:
    """The whole system, once for all end-to-end tests; each makes people and tasks of its own."""
    with tempfile.TemporaryDirectory(prefix="taskify-e2e-") as folder:
        async with System.started(Path(folder)) as running:
            yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a sandbox, since root has none, and without calls to its maker."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "Chromium is missing: `make setup` installs it"
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        await started.close()
