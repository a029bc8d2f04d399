import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

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
