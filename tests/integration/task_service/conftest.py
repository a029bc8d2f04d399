"""The whole task API over ASGI, on a database of the test's own."""

from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import argon2
import httpx
import pytest

from infra.health import Health
from infra.http.health import health_routes
from infra.http.rate_limit import Rate, RequestLimits
from task_service.api.application import create_api
from task_service.api.dependencies import Services
from task_service.api.discovery import discovery_routes
from task_service.api.middleware import wrap
from task_service.commands.login_throttle import LoginThrottle, ThrottleLimits
from task_service.commands.unit_of_work import UnitOfWork, reading_sessions, session_factory
from task_service.credentials.access_tokens import AccessTokens
from task_service.credentials.key_ring import KeyRing
from task_service.credentials.passwords import Passwords
from task_service.queries.readiness import check_database, check_tables
from tests.integration.task_service.client import ADDRESSES, ORIGIN, Api, Member
from tests.support.patience import patient_engine

PLENTY = Rate(10_000, 10_000)


@pytest.fixture
def web_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Taskify</title>")
    (folder / "assets" / "index-1a2b3c.js").write_text("export {}")
    return folder


@pytest.fixture
async def api(task_database_url: str, tmp_path: Path, web_folder: Path) -> AsyncIterator[Api]:
    engine = patient_engine(task_database_url)
    sessions = session_factory(engine)
    keys = KeyRing(tmp_path / "keys")
    health = Health({"database": lambda: check_database(sessions), "tables": lambda: check_tables(sessions)})
    app = create_api(discovery_routes(keys.published, ADDRESSES), health_routes(health), web_folder)
    tokens, wake_ups = AccessTokens(keys, timedelta(minutes=15)), list[None]()
    limits = RequestLimits(PLENTY, PLENTY, trusted_proxies=(ip_network("10.0.0.0/8"),))
    unit_of_work = UnitOfWork(sessions, lambda: wake_ups.append(None))
    app.state.services = Services(
        database=engine,
        sessions=reading_sessions(engine),
        unit_of_work=unit_of_work,
        access_tokens=tokens,
        passwords=Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        throttle=LoginThrottle(unit_of_work, ThrottleLimits()),
        limits=limits,
        session_life=timedelta(days=30),
        refresh_grace=timedelta(seconds=60),
        secure_cookie=False,
        page_origins=frozenset({ADDRESSES.api_url, ORIGIN}),
        registration_open=True,
    )
    transport = httpx.ASGITransport(wrap(app, ADDRESSES, [ORIGIN], limits), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
        yield Api(app, client, engine, tokens, wake_ups)
    await engine.dispose()


@pytest.fixture
async def administrator(api: Api) -> Member:
    """The first to register."""
    return await api.member("Root")


@pytest.fixture
async def ann(api: Api, administrator: Member) -> Member:
    """A plain member, like Bob."""
    assert administrator.name == "Root"
    return await api.member("Ann")


@pytest.fixture
async def bob(api: Api, ann: Member) -> Member:
    assert ann.name == "Ann"
    return await api.member("Bob")
