"""Changes sent on schedule, windows that hear of them, and whether each heard of what it had to."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

import asyncpg
import orjson

from tests.load.generator.http import HttpClient
from tests.load.generator.schedule import on_schedule
from tests.load.scene.events import TEXT
from tests.load.scene.population import Somebody, Topic
from tests.load.scene.process import Json, Measured
from tests.load.scene.system import System

CONNECTIONS = 128
AT_ONCE = 100
PATIENCE_SECONDS = 60.0
_CREATED = 201
_BODY = json.dumps({"body": TEXT}).encode()
_EVENT_TIMES = """
SELECT task_id::text, extract(epoch FROM event_time)::float8 FROM notifications WHERE task_id = ANY($1)
"""


@dataclass
class Changes:
    """One comment on each topic; moments are in seconds of the wall clock."""

    topics: Sequence[Topic]
    due: dict[str, float] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    answer_seconds: list[float] = field(default_factory=list)

    async def send(self, client: HttpClient, a_second: float) -> None:
        """Send every change when it is due, and wait for all answers."""

        async def comment(number: int, due: float) -> None:
            topic = self.topics[number]
            status, _ = await client.send("POST", f"/api/tasks/{topic.id}/comments", topic.creator.token, _BODY)
            self.answers[status] += 1
            self.answer_seconds.append(time.time() - due)
            if status == _CREATED:
                self.due[str(topic.id)] = due

        await on_schedule(len(self.topics), a_second, comment)

    @property
    def accepted(self) -> list[Topic]:
        """Those whose change was answered with success: only of these has anybody to hear."""
        return [topic for topic in self.topics if str(topic.id) in self.due]

    @property
    def refused(self) -> int:
        return len(self.topics) - len(self.due)

    @property
    def refusals(self) -> list[str]:
        """Say how changes were refused; 0 is no answer at all."""
        return [
            f"{count} changes were answered {status}" for status, count in self.answers.items() if status != _CREATED
        ]


@dataclass
class Arrival:
    at: float
    user_id: UUID
    window: int
    task_id: str
    how: str


@dataclass
class Windows:
    """Load processes, one for each gateway, and whose windows they hold."""

    system: System
    crowds: list[Measured] = field(default_factory=list)
    owners: list[list[Somebody]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def opened(cls, system: System, owners: Sequence[Somebody]) -> AsyncIterator[Self]:
        """Open a window for each of the owners, who may come more than once, shared out over the gateways."""
        windows = cls(system)
        async with AsyncExitStack() as stack:
            for number, port in enumerate(system.gateway_ports):
                own = list(owners[number :: len(system.gateway_ports)])
                crowd = await stack.enter_async_context(system.stage.tool(f"load-{number}", "tests.load.generator"))
                path = system.stage.folder / f"members-{number}"
                seqs = await _heads(system, own)
                path.write_bytes(b"\n".join(orjson.dumps((str(one.id), one.token, seqs.get(one.id, 0))) for one in own))
                await crowd.ask(
                    "connect", url=f"ws://127.0.0.1:{port}/ws", members=str(path), at_once=AT_ONCE, decode=True
                )
                windows.crowds.append(crowd)
                windows.owners.append(own)
            yield windows

    async def arrivals(self) -> list[Arrival]:
        """Take what all windows have heard, in its order."""
        found = []
        first = 0
        for number, (crowd, own) in enumerate(zip(self.crowds, self.owners, strict=True)):
            path = self.system.stage.folder / f"arrivals-{number}"
            await crowd.ask("arrivals", path=str(path))
            for line in path.read_bytes().splitlines():
                at, window, task_id, how = orjson.loads(line)
                found.append(Arrival(at, own[window].id, first + window, task_id, how))
            first += len(own)
        return sorted(found, key=lambda arrival: arrival.at)

    async def until_heard(self, topics: Sequence[Topic]) -> None:
        """Wait until as much has come as is due, or as long as patience lasts."""
        for crowd, own in zip(self.crowds, self.owners, strict=True):
            windows = Counter(one.id for one in own)
            due = sum(windows[one.id] for topic in topics for one in topic.watchers)
            await crowd.ask("noted", arrivals=due, seconds=PATIENCE_SECONDS)

    async def states(self) -> list[Json]:
        return [await crowd.ask("state") for crowd in self.crowds]

    @property
    def processes(self) -> dict[str, Measured]:
        return {f"load {number + 1}": crowd for number, crowd in enumerate(self.crowds)}

    def missing(self, topics: Sequence[Topic], arrivals: Sequence[Arrival]) -> list[str]:
        """Say what a window did not hear of, and what came twice as a frame."""
        heard = Counter((arrival.window, arrival.task_id, arrival.how) for arrival in arrivals)
        known = {(window, task_id) for window, task_id, _ in heard}
        windows = defaultdict(list)
        for number, one in enumerate(one for own in self.owners for one in own):
            windows[one.id].append(number)
        lost = sum(
            (number, str(topic.id)) not in known
            for topic in topics
            for one in topic.watchers
            for number in windows[one.id]
        )
        twice = sum(count - 1 for (_, _, how), count in heard.items() if how == "frame")
        said = [f"{lost} notifications never reached a window"] if lost else []
        return [*said, *([f"{twice} frames came twice"] if twice else [])]


async def event_times(system: System, topics: Sequence[Topic]) -> dict[str, float]:
    """Give when each task's event happened, as it says itself."""
    connection = await asyncpg.connect(system.notification_url)
    rows = await connection.fetch(_EVENT_TIMES, [topic.id for topic in topics])
    await connection.close()
    return {row[0]: row[1] for row in rows}


async def _heads(system: System, people: Sequence[Somebody]) -> dict[UUID, int]:
    connection = await asyncpg.connect(system.notification_url)
    rows = await connection.fetch(
        "SELECT user_id, last_seq FROM inboxes WHERE user_id = ANY($1)", [one.id for one in people]
    )
    await connection.close()
    return {row[0]: row[1] for row in rows}
