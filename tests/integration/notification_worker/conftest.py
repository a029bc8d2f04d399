"""A migrated database of the notification worker, and what a person's window would see of it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database.engine import create_engine


@pytest.fixture
async def database(notification_database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(notification_database_url, application_name="test")
    yield engine
    await engine.dispose()
