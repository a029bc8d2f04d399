"""People of a test against a Taskify that does what a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from taskify_testkit import Addresses, Contract, NotStartedError, RequestRefusedError, Taskify, TaskifyTestkitError
from taskify_testkit.api import Api
from taskify_testkit.background import Background
from taskify_testkit.system import REGISTERED_AT_ONCE, System

SECONDS = 60.0
NOWHERE = "http://127.0.0.1:1"

Json = dict[str, Any]


@dataclass
class Service:
    """The HTTP APIs; turns away the first `busy` requests, and counts how many hash a password side by side."""

    busy: int = 0
    running: int = 0
    most: int = 0
    made: int = 0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/api/auth/"):
            return httpx.Response(200, json={"latest_seq": 0, "items": []})
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.001)
        self.running -= 1
        if self.busy:
            self.busy -= 1
            return httpx.Response(503, headers={"Retry-After": "0"}, text="too many people are logging in")
        if request.url.path == "/api/auth/login":
            return httpx.Response(200, json={"access_token": "token"})
        self.made += 1
        return httpx.Response(201, json={"id": str(self.made), "name": json.loads(request.content)["name"]})


@dataclass
class Gateway:
    """The socket; tells each window of the marker at once, unless it is `silent`."""

    silent: bool = False
    open: set[ServerConnection] = field(default_factory=set)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, socket: ServerConnection) -> None:
        self.open.add(socket)
        await socket.recv()
        await socket.send(json.dumps({"type": "READY", "payload": {"heartbeat_s": 30}}))
        if not self.silent:
            row = {"id": "1", "seq": 1, "type": "taskify_testkit_marker", "message": "known", "read_at": None}
            rest: Json = {"link": None, "task_id": None, "actor": None, "reasons": [], "count": 1}
            await socket.send(json.dumps({"type": "NOTIFICATION", "payload": {**row, **rest}}))
        self.opened.set()
        await socket.wait_closed()
        self.open.discard(socket)


class Broker:
    """Whatever is asked of it, its connection is closed."""

    def channel(self) -> None:
        raise RuntimeError("the connection is closed")


class Lost:
    """A container that has ended."""

    name = "Taskify"

    def ended(self) -> str:
        return "the container of Taskify has ended. Its log ends with:\n  out of memory"

    def log(self, lines: int) -> str:
        return f"the last {lines} lines"


class Connected(System):
    """A system whose markers go nowhere: the gateway tells of them by itself."""

    async def send_marker(self, *_: object) -> None:
        await asyncio.sleep(0)


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def system(background: Background, service: Service, gateway: Gateway) -> AsyncIterator[System]:
    async def start() -> Server:
        return await serve(gateway.serve, "127.0.0.1", 0)

    async def stop() -> None:
        server.close()
        await server.wait_closed()
        await http.aclose()

    server = await background.call(start())
    port = next(iter(server.sockets)).getsockname()[1]
    addresses = Addresses(NOWHERE, NOWHERE, f"ws://127.0.0.1:{port}", "amqp://nobody@127.0.0.1:1", NOWHERE, (Lost(),))
    http = httpx.AsyncClient(transport=httpx.MockTransport(service.answer))
    yield Connected(addresses, Contract("billing"), "", cast("Any", Broker()), Api(http, addresses))
    await background.call(stop())


@pytest.fixture
def taskify(system: System, background: Background) -> Iterator[Taskify]:
    with Taskify(system, background) as taskify:
        yield taskify


async def test_many_people_are_registered_some_at_a_time(taskify: Taskify, service: Service) -> None:
    people = await taskify.people(100)

    assert len({person.id for person in people}) == 100
    assert service.most == REGISTERED_AT_ONCE
    assert service.made == 100


async def test_a_taskify_that_is_busy_is_asked_again(taskify: Taskify, service: Service) -> None:
    service.busy = 2

    assert (await taskify.person()).name == "Ann"


async def test_a_taskify_that_stays_busy_is_told_of(
    taskify: Taskify, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskify_testkit.api.BUSY_SECONDS", 0)
    service.busy = 1

    with pytest.raises(RequestRefusedError, match=r"register was refused with 503: too many people"):
        await taskify.person()


async def test_those_who_are_given_up_midway_leave_no_window_open(
    taskify: Taskify, gateway: Gateway, background: Background
) -> None:
    gateway.silent = True
    asked = background.start(taskify.people(5))
    await background.call(asyncio.wait_for(gateway.opened.wait(), SECONDS))
    asked.cancel()

    async def all_closed() -> None:
        async with asyncio.timeout(SECONDS):
            while gateway.open:
                await asyncio.sleep(0.01)

    await background.call(all_closed())
    gateway.silent = False
    assert (await taskify.person()).name == "Omar"


async def test_people_who_are_asked_for_side_by_side_have_names_and_a_limit_in_common(taskify: Taskify) -> None:
    people = await asyncio.gather(taskify.person(), taskify.person(), taskify.person())

    assert {person.name for person in people} == {"Ann", "John", "Maria"}
    # Both are waited for: sockets that are given up while they are let in are no matter of this test.
    first, second = await asyncio.gather(taskify.people(50), taskify.people(50), return_exceptions=True)
    assert isinstance(first, list)
    assert isinstance(second, TaskifyTestkitError)
    assert "a test may have 100 people" in str(second)
    with pytest.raises(TaskifyTestkitError, match="-3 people"):
        await taskify.people(-3)


async def test_a_broker_that_is_gone_is_told_of_with_what_ended(taskify: Taskify) -> None:
    ann = await taskify.person()

    with pytest.raises(NotStartedError, match=r"the broker does not answer: .*closed(?s:.*)out of memory"):
        await taskify.nobody_else_told()
    with pytest.raises(NotStartedError, match="the broker does not answer"):
        await taskify.events().__aenter__()
    with pytest.raises(
        AssertionError, match=r"Ann was not told(?s:.*)nobody can say where: the broker does not answer"
    ):
        await ann.next_notification(within=0)


async def test_a_taskify_that_is_gone_is_told_of_with_the_end_of_its_log(
    system: System, background: Background
) -> None:
    async def call() -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            await Api(http, system.addresses).call("GET", "/api/users")

    with pytest.raises(
        NotStartedError, match=r"has no answer: ConnectError(?s:.*)has ended. Its log ends with:\n  out of"
    ):
        await background.call(call())


async def test_the_log_of_taskify_can_be_read(taskify: Taskify) -> None:
    assert await taskify.log(5) == "the last 5 lines"


async def test_events_are_asked_for_inside_their_block(taskify: Taskify) -> None:
    with pytest.raises(TaskifyTestkitError, match="inside the block"):
        await taskify.events().next()


async def test_to_run_in_the_test_kit_s_own_thread_is_refused(taskify: Taskify, background: Background) -> None:
    async def inside() -> None:
        taskify.run(asyncio.sleep(0))

    with pytest.raises(RuntimeError, match="cannot wait for itself"):
        await background.call(inside())
