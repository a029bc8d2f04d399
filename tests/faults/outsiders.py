"""Who else sends to the broker: another team's service with its requests, and somebody who sends poison."""

import asyncio
import json
import random
from datetime import UTC, datetime
from uuid import uuid4

import aio_pika
import aio_pika.abc
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, DeliveryError

from contracts.topology import DOMAIN_EVENTS
from tests.faults.journal import Journal, Json, Poison, Request
from tests.faults.servers import Servers

TAP = "faults.tap"
POISON = "task.poison"
_CONFIRM_SECONDS = 5.0
_AGAIN_SECONDS = 0.5
_SERVICE = "billing"


class Outsiders:
    """Sends each message until the broker has confirmed it; so one may arrive twice, with the same id."""

    def __init__(self, servers: Servers, journal: Journal, people: list[str], choice: random.Random) -> None:
        self._servers = servers
        self._journal = journal
        self._people = people
        self._choice = choice
        self.stopped = False

    async def make_tap(self) -> None:
        """Have all task events kept for the judge, as the broker routes them."""
        async with await aio_pika.connect(self._servers.broker_url()) as connection, connection.channel() as channel:
            tap = await channel.declare_queue(TAP, durable=True, arguments={"x-queue-type": "quorum"})
            await tap.bind(DOMAIN_EVENTS, "task.#")

    async def run(self, seconds: float) -> None:
        """Send poison or a request now and then, until it is stopped."""
        while not self.stopped:
            await (self._poison() if self._choice.random() < 0.4 else self._request())
            await asyncio.sleep(self._choice.uniform(0.5, 1.5) * seconds)

    async def _poison(self) -> None:
        id_ = str(uuid4())
        lane = self._choice.randrange(8)
        key, body, user = self._choice.choice(
            [
                (f"{POISON}.{lane}", b"this is no envelope", None),
                (f"{POISON}.{lane}", _envelope(id_, "taskify.task.sung.v1", "/task-service", {}), "task-service"),
                (f"{POISON}.{lane}", _envelope(id_, "taskify.task.deleted.v1", "/task-service", {}), "task-service"),
                ("user.registered", _envelope(id_, "taskify.user.registered.v1", "/billing", {}), _SERVICE),
            ]
        )
        self._journal.poison.append(Poison(id_))
        await self._publish(id_, key, body, user)

    async def _request(self) -> None:
        id_ = str(uuid4())
        recipients = tuple(self._choice.sample(self._people, 3))
        message = f"Invoice {id_[:13]} was paid"
        data = {"recipients": recipients, "kind": "invoice_paid", "message": message, "link": "/invoices/1"}
        body = _envelope(id_, "taskify.notification.requested.v1", f"/{_SERVICE}", data)
        self._journal.requests.append(Request(id_, recipients, message))
        await self._publish(id_, "notification.requested", body, _SERVICE)

    async def _publish(self, id_: str, routing_key: str, body: bytes, user: str | None) -> None:
        message = aio_pika.Message(body, message_id=id_, user_id=user, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        while True:
            try:
                async with asyncio.timeout(3 * _CONFIRM_SECONDS):
                    connection = await aio_pika.connect(self._servers.broker_url(), timeout=_CONFIRM_SECONDS)
                    async with connection, connection.channel() as channel:
                        exchange = await channel.get_exchange(DOMAIN_EVENTS, ensure=False)
                        await exchange.publish(message, routing_key, timeout=_CONFIRM_SECONDS)
                        return
            except (TimeoutError, DeliveryError, *CONNECTION_EXCEPTIONS):
                await asyncio.sleep(_AGAIN_SECONDS)


def _envelope(id_: str, kind: str, source: str, data: Json) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": id_,
            "type": kind,
            "source": source,
            "subject": id_,
            "time": datetime.now(UTC).isoformat(),
            "data": data,
        }
    ).encode()
