"""A second pair of ears on the broker: every published task event, as an administrator sees it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from contracts.topology import DOMAIN_EVENTS

DEADLINE_SECONDS = 180

Json = dict[str, Any]


class Tap:
    """Collects events in the order in which the broker routed them."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.arrived_at: dict[str, float] = {}
        self._changed = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def on_task_events(cls, admin_broker_url: str) -> AsyncIterator[Self]:
        """Listen from now on, through a queue that vanishes with the connection."""
        tap = cls()
        connection = await aio_pika.connect(admin_broker_url)
        async with connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(exclusive=True)
            await queue.bind(DOMAIN_EVENTS, "task.#")
            await queue.consume(tap._hear, no_ack=True)
            yield tap

    def of_tasks(self, tasks: set[str]) -> list[Json]:
        """Give the events of some tasks."""
        return [event for event in self.events if event["subject"] in tasks]

    async def until(self, holds: Callable[[Self], bool], what: str) -> None:
        """Wait until something was heard."""
        async with self._changed:
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await self._changed.wait_for(lambda: holds(self))
            except TimeoutError:
                raise AssertionError(f"the broker never had {what}") from None

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        async with self._changed:
            event = json.loads(message.body)
            self.events.append(event)
            self.arrived_at[event["id"]] = asyncio.get_running_loop().time()
            self._changed.notify_all()
