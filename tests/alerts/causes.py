"""What breaks the promise, and which alerts have to say so: while it lasts, and of what it left behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from websockets.exceptions import WebSocketException

from contracts.topology import DOMAIN_EVENTS, TASK_SERVICE, WORKER_DEAD_LETTERS
from infra.broker.definitions import VHOST
from tests.alerts.scene import FRAME_BYTES, FRAMES, Scene
from tests.support.people import PASSWORD, Person

_FULL = f"/api/policies/{VHOST}/alerts-full"
_LANES = r"^notification-worker[.]task-events[.].*$"
_HEARTBEAT_SECONDS = 6.0
"""Longer than a page may leave unproved what was sent to it."""

_REFUSED = """
INSERT INTO outbox (message_id, type, content_type, routing_key, order_key, body, attempts)
VALUES ('alerts', 'taskify.none.v1', 'application/json', 'nobody.may.send.this', 'alerts', '{}', 9)
"""

_LATER = "UPDATE erasures SET begun_at = begun_at - interval '31 minutes' WHERE user_id = $1"
_FORGET = "DELETE FROM erasures WHERE user_id = $1 RETURNING sent_at"
_ERASURE_SECONDS = 30.0
_POLL_SECONDS = 0.2

_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE check_violation; END';
CREATE TRIGGER refuse BEFORE INSERT ON notifications FOR EACH ROW EXECUTE FUNCTION refuse()
"""

Break = Callable[[Scene], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Cause:
    """`alerts` fire while it lasts, `later` after it has ended."""

    what: str
    begin: Break
    alerts: tuple[str, ...]
    later: tuple[str, ...] = ()


@asynccontextmanager
async def _alarm(scene: Scene) -> AsyncIterator[None]:
    await scene.system.servers.rabbitmqctl("set_vm_memory_high_watermark", "0.000001")
    try:
        yield
    finally:
        await scene.system.servers.rabbitmqctl("set_vm_memory_high_watermark", "0.4")


@asynccontextmanager
async def _full_lanes(scene: Scene) -> AsyncIterator[None]:
    policy = {"pattern": _LANES, "definition": {"max-length": 1}, "apply-to": "queues", "priority": 9}
    async with scene.system.servers.management() as client:
        (await client.put(_FULL, json=policy)).raise_for_status()
        try:
            async with scene.cut("worker", "broker"):
                yield
        finally:
            (await client.delete(_FULL)).raise_for_status()


@asynccontextmanager
async def _poison(scene: Scene) -> AsyncIterator[None]:
    await scene.publish(TASK_SERVICE, DOMAIN_EVENTS, "task.poison.4", b"no envelope")
    yield
    await _purge(scene, WORKER_DEAD_LETTERS)


@asynccontextmanager
async def _unrouted(scene: Scene) -> AsyncIterator[None]:
    await scene.publish(TASK_SERVICE, DOMAIN_EVENTS, "task.moved.99", b"{}")
    yield
    await _purge(scene, "domain.unrouted")


@asynccontextmanager
async def _no_notifications(scene: Scene) -> AsyncIterator[None]:
    async with scene.system.servers.administrator("notification_worker") as connection:
        await connection.execute(_REFUSE)
        try:
            yield
        finally:
            await connection.execute("DROP FUNCTION refuse CASCADE")


async def _purge(scene: Scene, queue: str) -> None:
    async with scene.system.servers.management() as client:
        (await client.delete(f"/api/queues/{VHOST}/{queue}/contents")).raise_for_status()


@asynccontextmanager
async def _forbidden_row(scene: Scene) -> AsyncIterator[None]:
    async with scene.system.servers.administrator("task_service") as connection:
        await connection.execute(_REFUSED)
        yield
        await connection.execute("DELETE FROM outbox_set_aside")


@asynccontextmanager
async def _held_erasure(scene: Scene) -> AsyncIterator[None]:
    """Erase somebody while what names them cannot leave; only the half hour is not waited for.

    The stream would still need its 22 minutes afterwards, so the erasure is not seen to its end.
    """
    quux = await Person.register(scene.http, scene.ann.addresses, "Quux")
    async with (
        scene.cut("notification-relay", "broker"),
        scene.system.servers.administrator("notification_worker") as connection,
    ):
        begun = await quux.call("DELETE", "/api/users/me", json={"password": PASSWORD})
        assert begun.status_code == HTTPStatus.ACCEPTED, begun.text
        async with asyncio.timeout(_ERASURE_SECONDS):
            while await connection.execute(_LATER, UUID(quux.id)) == "UPDATE 0":
                await asyncio.sleep(_POLL_SECONDS)
        yield
        (held,) = await connection.fetch(_FORGET, UUID(quux.id))
        assert held["sent_at"] is None, "what names them has left"


@asynccontextmanager
async def _gateway_without_keys(scene: Scene) -> AsyncIterator[None]:
    async with scene.cut("gateway-1", "task-api"), scene.restarted(scene.system.of("gateway")[0]):
        yield


@asynccontextmanager
async def _full_gateway(scene: Scene) -> AsyncIterator[None]:
    gateway = scene.system.of("gateway")[0]
    async with (
        scene.restarted(gateway, TASKIFY_SOCKET_CONNECTIONS="1"),
        asyncio.TaskGroup() as group,
        AsyncExitStack() as stack,
    ):

        async def crowd() -> None:
            while True:
                with suppress(OSError, WebSocketException, AssertionError):
                    await scene.socket(stack, gateway)
                await asyncio.sleep(1)

        crowding = group.create_task(crowd())
        try:
            yield
        finally:
            crowding.cancel()


@asynccontextmanager
async def _deaf_windows(scene: Scene) -> AsyncIterator[None]:
    gateway = scene.system.of("gateway")[1]
    async with AsyncExitStack() as stack:
        for _ in range(3):
            (await scene.socket(stack, gateway)).transport.pause_reading()
        for _ in range(FRAMES):
            await scene.deliver(FRAME_BYTES)
        yield


@asynccontextmanager
async def _windows_that_prove_nothing(scene: Scene) -> AsyncIterator[None]:
    gateway = scene.system.of("gateway")[2]
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        windows = [await scene.socket(stack, gateway) for _ in range(3)]
        await scene.deliver(10)

        async def beat() -> None:
            while True:
                await asyncio.sleep(_HEARTBEAT_SECONDS)
                for window in windows:
                    await window.send('{"type": "PING", "payload": {"seq": 0}}')

        async def read() -> None:
            while True:
                for window in windows:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.2):
                            await window.recv()

        beating = [group.create_task(beat()), group.create_task(read())]
        try:
            yield
        finally:
            for task in beating:
                task.cancel()


@asynccontextmanager
async def _frozen_postgres(scene: Scene) -> AsyncIterator[None]:
    from signal import SIGCONT, SIGSTOP  # noqa: PLC0415 (nobody else here sends signals)

    scene.system.servers.signal_all("postgres", SIGSTOP)
    try:
        yield
    finally:
        scene.system.servers.signal_all("postgres", SIGCONT)


@asynccontextmanager
async def _killed_broker(scene: Scene) -> AsyncIterator[None]:
    await scene.system.servers.kill_broker()
    yield


@asynccontextmanager
async def _nothing(_: Scene) -> AsyncIterator[None]:
    yield


CAUSES = (
    Cause("nothing; 5 % of the memory is the bound", _nothing, ("TaskifyMemory",)),
    Cause(
        "all workers frozen",
        lambda scene: scene.frozen("worker"),
        ("TaskifyProcessDown", "TaskifyPartMissing", "TaskifyLaneLags"),
        ("TaskifyNotificationsLate",),
    ),
    Cause(
        "no worker reaches the broker",
        lambda scene: scene.cut("worker", "broker"),
        ("TaskifyWorkerNotConsuming", "TaskifyQueueUnread", "TaskifyBrokerAway"),
    ),
    Cause(
        "no notification relay reaches the broker",
        lambda scene: scene.cut("notification-relay", "broker"),
        ("TaskifyOutboxOld",),
        ("TaskifyFramesLate",),
    ),
    Cause(
        "no task relay reaches its database",
        lambda scene: scene.cut("task-relay", "postgres"),
        ("TaskifyNoRelayLeads",),
    ),
    Cause("no gateway reaches the broker", lambda scene: scene.cut("gateway", "broker"), ("TaskifyGatewayNotReading",)),
    Cause("lanes that take one message", _full_lanes, ("TaskifyPublishRefused",)),
    Cause("RabbitMQ short of memory", _alarm, ("TaskifyBrokerAlarm",)),
    Cause("a message that is no event", _poison, ("TaskifyDeadLetters",)),
    Cause("a database that takes no notification", _no_notifications, ("TaskifyBatchesFail",)),
    Cause("an event for a lane that there is not", _unrouted, ("TaskifyUnroutedEvents",)),
    Cause("an event that its service may not send", _forbidden_row, ("TaskifyRowsSetAside",)),
    Cause(
        "an erasure whose frames never leave; its beginning half an hour ago", _held_erasure, ("TaskifyErasureLate",)
    ),
    Cause("a gateway that has never had the keys", _gateway_without_keys, ("TaskifyNotReady",)),
    Cause("a gateway that takes one socket", _full_gateway, ("TaskifyGatewayFull",)),
    Cause("windows that do not read", _deaf_windows, ("TaskifySlowWindows",)),
    Cause("windows that do not apply what they read", _windows_that_prove_nothing, ("TaskifyManyResyncs",)),
    Cause(
        "a database that answers late", lambda scene: scene.slow("task-api", "postgres", 0.5), ("TaskifyRequestsSlow",)
    ),
    Cause("PostgreSQL frozen", _frozen_postgres, ("TaskifyDatabaseAway", "TaskifyRequestsFail")),
    Cause("RabbitMQ killed", _killed_broker, ("TaskifyBrokerDown",)),
)
"""In this order: the first one needs health, after the last one there is no broker."""
