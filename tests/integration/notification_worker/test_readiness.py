import asyncio

import aio_pika
import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.topology import task_events_queue
from infra.broker.definitions import apply_topology
from infra.database.engine import create_engine
from infra.errors import UnavailableError
from infra.local.ports import free_ports
from notification_worker import app
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.readiness import check_database
from notification_worker.consumers.consuming import NotConsumingError
from notification_worker.models import inboxes
from notification_worker.settings import ApiSettings
from tests.integration.notification_worker.api_client import ANN
from tests.integration.notification_worker.workers import eventually, is_consuming, running_worker
from tests.support.notification_events import TaskStory, person
from tests.support.tcp_proxy import TcpProxy
from tests.support.tokens import Signer


async def test_a_worker_without_the_broker_says_that_it_does_not_consume(
    database: AsyncEngine, notification_broker_url: str
) -> None:
    async with (
        TcpProxy.to(notification_broker_url) as proxy,
        running_worker([proxy.url], database) as worker,
    ):
        proxy.cut()

        async def is_not_consuming() -> bool:
            return not await is_consuming(worker)

        await eventually(is_not_consuming)
        with pytest.raises(NotConsumingError):
            await worker.consuming.check()
        proxy.mend()
        await eventually(lambda: is_consuming(worker))


async def test_a_worker_whose_consumer_the_broker_has_cancelled_says_so_and_comes_back(
    database: AsyncEngine, notification_broker_url: str, admin_broker_url: str
) -> None:
    async with running_worker([notification_broker_url], database) as worker:
        async with await aio_pika.connect(admin_broker_url) as connection, connection.channel() as channel:
            await channel.queue_delete(task_events_queue(3))

        async def is_not_consuming() -> bool:
            return not await is_consuming(worker)

        await eventually(is_not_consuming)
        await apply_topology(admin_broker_url)
        await eventually(lambda: is_consuming(worker))


async def test_the_database_is_ready_when_it_has_every_table(database: AsyncEngine) -> None:
    await check_database(database)
    async with database.begin() as connection:
        await connection.execute(text("DROP TABLE watchers"))
    with pytest.raises(UnavailableError, match="no table watchers"):
        await check_database(database)


async def test_a_database_that_does_not_answer_is_not_ready() -> None:
    nowhere = create_engine("postgresql://nobody@127.0.0.1:1/nothing", application_name="test")
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await check_database(nowhere)
    await nowhere.dispose()


async def test_an_api_that_never_had_the_keys_is_not_ready_and_turns_nobody_away_for_good(
    notification_database_url: str, signer: Signer
) -> None:
    port, nobody = free_ports(2)
    settings = ApiSettings(
        _env_file=None,
        notification_database_url=notification_database_url,
        notifications_port=port,
        jwks_url=f"http://127.0.0.1:{nobody}/.well-known/jwks.json",
        allowed_origins=("http://localhost:8000",),
    )
    stop = asyncio.Event()
    transport = httpx.AsyncHTTPTransport(retries=10)
    async with (
        asyncio.TaskGroup() as group,
        httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        serving = group.create_task(app._serve_api(settings, stop))  # as the process does, without its signals
        try:
            readiness = await client.get("/health/ready")
            bearer = {"Authorization": f"Bearer {signer.token(ANN.id)}"}
            answer = await client.get("/api/notifications/sync", headers=bearer)
        finally:
            stop.set()
    assert serving.result() == 0
    checks = readiness.json()["checks"]
    assert (readiness.status_code, checks["database"]) == (503, "ok")
    assert checks["keys"] != "ok"
    assert answer.status_code == 503


async def test_the_check_command_fails_and_prints_what_differs(
    database: AsyncEngine, notification_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = person("Ann")
    await apply_events(database, [TaskStory().assigned(person("John"), ann)])
    assert await app._check(notification_database_url) == 0
    assert capsys.readouterr().out == "0 inboxes differ from a recount\n"
    async with database.begin() as connection:
        await connection.execute(update(inboxes).values(unread_count=5))
    assert await app._check(notification_database_url) == 1
    assert capsys.readouterr().out == (
        f"inbox {ann.id}: counts 5 unread, has 1; is at 1, its latest change is 1\n1 inboxes differ from a recount\n"
    )
