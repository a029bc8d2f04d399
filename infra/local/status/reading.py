"""Asking everybody, once and all at once."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import aio_pika.abc
import httpx
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from aiormq.exceptions import AMQPError
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError

from contracts.topology import QUEUES
from infra.broker import BrokerAwayError
from infra.broker.connection import close, connect
from infra.health import Readiness
from infra.local.processes import PROCESSES

ANSWER_SECONDS = 4.0
"""Longer than a process takes for its own checks."""

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one process said: `trouble` is why it did not, `samples` are all of its metrics."""

    port: int
    checks: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[tuple[str, Labels], float] = field(default_factory=dict)
    trouble: str = ""

    @property
    def ready(self) -> bool:
        """Whether it says that it can do its work."""
        return not self.trouble and not self.failing

    @property
    def failing(self) -> dict[str, str]:
        """What it waits for."""
        return {name: said for name, said in self.checks.items() if said != "ok"}


@dataclass(frozen=True, slots=True)
class Queue:
    messages: int
    consumers: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything at one moment; `queues` is None while the broker does not answer, which `broker_trouble` explains."""

    at: float
    processes: Mapping[str, Answers]
    queues: Mapping[str, Queue] | None
    broker_trouble: str = ""


class Reader:
    """Asks again and again; `ports` are by the names of the processes."""

    def __init__(
        self, host: str, ports: Mapping[str, int], broker_urls: Sequence[str], http: httpx.AsyncClient
    ) -> None:
        self._host = host
        self._ports = ports
        self._urls = broker_urls
        self._http = http
        self._connection: aio_pika.abc.AbstractConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hang_up()

    async def read(self) -> Reading:
        """Ask everybody; takes as long as the slowest, a few seconds at most."""
        async with asyncio.TaskGroup() as group:
            asked = {process.name: group.create_task(self._ask(process.name)) for process in PROCESSES}
            queues = group.create_task(self._queues())
        counted, trouble = queues.result()
        return Reading(time.monotonic(), {name: task.result() for name, task in asked.items()}, counted, trouble)

    async def _ask(self, name: str) -> Answers:
        port = self._ports[name]
        address = f"http://{self._host}:{port}"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                ready, page = await asyncio.gather(
                    self._http.get(f"{address}/health/ready"), self._http.get(f"{address}/metrics")
                )
            checks = Readiness.model_validate_json(ready.content).checks
            return Answers(port, checks, _samples(page.raise_for_status().text))
        except TimeoutError:
            return Answers(port, trouble=f"no answer in {ANSWER_SECONDS:g} s")
        except httpx.ConnectError:
            return Answers(port, trouble="nobody listens")
        except (httpx.HTTPError, ValidationError) as error:
            return Answers(port, trouble=f"no process of ours answers ({type(error).__name__})")

    async def _queues(self) -> tuple[dict[str, Queue] | None, str]:
        if not self._urls:
            return None, "TASKIFY_OPERATOR_BROKER_URL is not known"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._connection is None:
                    self._connection = await connect(self._urls, "status")
                return await _declared(self._connection), ""
        except TimeoutError:
            trouble = f"no answer in {ANSWER_SECONDS:g} s"
        except BrokerAwayError:
            trouble = "nobody lets us in"
        except (*CONNECTION_EXCEPTIONS, AMQPError) as error:
            trouble = type(error).__name__
        await self._hang_up()
        return None, trouble

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await close(connection)


async def _declared(connection: aio_pika.abc.AbstractConnection) -> dict[str, Queue]:
    """Count what is in each queue; one that does not exist fails."""
    async with connection.channel() as channel:
        counted = {}
        for queue in QUEUES:
            declared = (await channel.declare_queue(queue.name, passive=True)).declaration_result
            counted[queue.name] = Queue(declared.message_count or 0, declared.consumer_count or 0)
    return counted


def _samples(text: str) -> dict[tuple[str, Labels], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
