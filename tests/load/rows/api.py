"""Three routes of the two APIs, each against the same route of a bare application."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field

import asyncpg

from infra.local.ports import free_ports
from tests.load.generator.http import HttpClient
from tests.load.results import Figure, at_least
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.events import TEXT
from tests.load.scene.population import Somebody, Topic, add_topics, settle
from tests.load.scene.process import Measured
from tests.load.scene.stage import Stage
from tests.load.scene.system import signing_keys
from tests.load.seed_inboxes import seed
from tests.support.tokens import Signer

CONNECTIONS = 16
NOTIFICATIONS_A_PERSON = 60
SYNC_ITEMS = 20
_GOOD = {200, 201}
_BODY = json.dumps({"body": TEXT}).encode()

Request = tuple[str, str, str, bytes]
"""Method, path, token, body."""


@dataclass
class Side:
    """One server of a route: who answers, and what it was asked for and did."""

    process: Measured
    origin: str
    request: Callable[[], Request]
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)

    async def turn(self, seconds: float) -> None:
        """Ask over all connections, again as soon as the answer is there, for so long."""
        taken: list[float] = []
        cpu, began = self.process.cpu_seconds, time.perf_counter()

        async def ask(client: HttpClient) -> None:
            while time.perf_counter() - began < seconds:
                sent = time.perf_counter()
                status, _ = await client.send(*self.request())
                taken.append(time.perf_counter() - sent)
                self.answers[status] += 1

        async with HttpClient(self.origin, CONNECTIONS) as client, asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(ask(client))
        elapsed = time.perf_counter() - began
        self.rates.append(len(taken) / elapsed)
        self.cpu.append((self.process.cpu_seconds - cpu) / len(taken) * 1e6)
        self.p99.append(sorted(taken)[int(len(taken) * 0.99)] * 1000)


@dataclass
class Scene:
    """Both databases, filled: `bare_url` is a copy that takes the bare application's comments."""

    signer: Signer
    task_url: str
    notification_url: str
    choice: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 (the same every time)


async def run(stage: Stage, sizes: Sizes) -> Findings:
    found = Findings(settings={"connections": str(CONNECTIONS), "closed loop": "the next request follows the answer"})
    load = time.process_time(), time.perf_counter()
    async with AsyncExitStack() as stack:
        for name, (bare, ours) in (await _routes(stage, sizes, stack)).items():
            for _ in range(sizes["turns"]):
                await bare.turn(sizes["seconds"])
                await ours.turn(sizes["seconds"])
            found.figures += _figures(name, bare, ours)
            bad = {
                status: count for side in (bare, ours) for status, count in side.answers.items() if status not in _GOOD
            }
            found.lost += [f"{name}: {count} answers {status}" for status, count in bad.items()]
    share = (time.process_time() - load[0]) / (time.perf_counter() - load[1])
    found.notes = [f"the load took {share:.0%} of a core"]
    return found


def _figures(name: str, bare: Side, ours: Side) -> list[Figure]:
    figures = []
    for what, unit, mine, other, aim in (
        ("", "1/s", ours.rates, bare.rates, at_least(0.5, of_bare=True)),
        (", CPU a request", "µs", ours.cpu, bare.cpu, None),
        (", p99", "ms", ours.p99, bare.p99, None),
    ):
        figures.append(
            Figure(
                name=f"{name}{what}",
                unit=unit,
                samples=tuple(mine),
                bare_name="FastAPI and asyncpg",
                bare=tuple(other),
                aim=aim,
            )
        )
    return figures


async def _routes(stage: Stage, sizes: Sizes, stack: AsyncExitStack) -> dict[str, tuple[Side, Side]]:
    """Fill the databases, start the servers, and say what each route is asked."""
    urls = [
        await stack.enter_async_context(stage.postgres.database(service))
        for service in ("task_service", "notification_worker", "task_service")
    ]
    ours, bare = Scene(stage.signer, urls[0], urls[1]), Scene(stage.signer, urls[2], urls[1])
    people = await settle(ours, sizes["people"])
    topics = await add_topics(ours, people, sizes["tasks"], watchers=3)
    bare_people = await settle(bare, sizes["people"])
    bare_topics = await add_topics(bare, bare_people, sizes["tasks"], watchers=3)
    readers = await _fill_inboxes(stage, urls[1], sizes["people"])
    api, notifications, plain = await _servers(stage, stack, ours, bare)
    after = f"after_seq={NOTIFICATIONS_A_PERSON - SYNC_ITEMS}"
    choice = ours.choice
    return {
        "GET /api/tasks": (
            Side(*plain, lambda: ("GET", "/api/tasks", "-", b"")),
            Side(*api, lambda: ("GET", "/api/tasks", choice.choice(people).token, b"")),
        ),
        "POST …/comments": (
            Side(*plain, lambda: _bare_comment(choice.choice(bare_topics))),
            Side(*api, lambda: _comment(choice.choice(topics))),
        ),
        "GET …/sync": (
            Side(
                *plain,
                lambda: ("GET", f"/api/notifications/sync?user_id={choice.choice(readers).id}&{after}", "-", b""),
            ),
            Side(
                *notifications, lambda: ("GET", f"/api/notifications/sync?{after}", choice.choice(readers).token, b"")
            ),
        ),
    }


def task_api(stage: Stage, database_url: str, port: int) -> AbstractAsyncContextManager[Measured]:
    """Run one process of the task service's API."""
    origin = f"http://127.0.0.1:{port}"
    return stage.product(
        *("task-api", "task_service", "api"),
        port=port,
        api_port=port,
        task_database_url=database_url,
        signing_keys=signing_keys(stage.folder, stage.signer),
        allowed_origins=json.dumps([origin]),
        public_api_url=origin,
        public_notifications_url="http://127.0.0.1:1",
        public_socket_url="ws://127.0.0.1:1/ws",
        web_directory=stage.folder,
    )


async def _servers(
    stage: Stage, stack: AsyncExitStack, ours: Scene, bare: Scene
) -> tuple[tuple[Measured, str], tuple[Measured, str], tuple[Measured, str]]:
    ports = free_ports(3)
    origins = [f"http://127.0.0.1:{port}" for port in ports]
    api = await stack.enter_async_context(task_api(stage, ours.task_url, ports[0]))
    notifications = await stack.enter_async_context(
        stage.product(
            *("notification-api", "notification_worker", "api"),
            port=ports[1],
            notifications_port=ports[1],
            notification_database_url=ours.notification_url,
            jwks_url=stage.jwks_url,
            allowed_origins=json.dumps([origins[0]]),
        )
    )
    plain = await stack.enter_async_context(
        stage.tool("bare-api", "tests.load.bare.api", ports[2], bare.task_url, bare.notification_url)
    )
    await plain.until_ready(ports[2])
    return (api, origins[0]), (notifications, origins[1]), (plain, origins[2])


async def _fill_inboxes(stage: Stage, url: str, people: int) -> list[Somebody]:
    """Give everybody about as many notifications, and those who have enough of them."""
    administrator = await asyncpg.connect(stage.postgres.admin_url, database=url.rpartition("/")[2])
    seeded = await seed(administrator, rows=people * NOTIFICATIONS_A_PERSON, people=people, tasks=people, behind=0)
    await administrator.close()
    return [
        Somebody(user_id, stage.signer.token(user_id))
        for user_id, head in seeded.heads.items()
        if head >= NOTIFICATIONS_A_PERSON
    ]


def _comment(topic: Topic) -> Request:
    return "POST", f"/api/tasks/{topic.id}/comments", topic.creator.token, _BODY


def _bare_comment(topic: Topic) -> Request:
    return "POST", f"/api/tasks/{topic.id}/comments?author_id={topic.creator.id}", "-", _BODY


ROW = Row(
    name="api",
    question="How many requests a second does one API process answer, route by route?",
    bare="FastAPI and asyncpg with the same work in SQL, without tokens, sessions and limits",
    sizes={"people": 200, "tasks": 1_000, "seconds": 5, "turns": 3},
    quick={"seconds": 1, "turns": 2},
    run=run,
)
