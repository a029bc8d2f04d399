"""The connection of a session to a Taskify: HTTP, the broker as its administrator, and the service's own user."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self
from uuid import uuid4

import aio_pika
import httpx
from aio_pika.abc import AbstractChannel, AbstractConnection

from taskify_testkit.addresses import Addresses
from taskify_testkit.administration import service_user
from taskify_testkit.api import REQUEST_SECONDS, Api
from taskify_testkit.contract import Contract
from taskify_testkit.errors import NotStartedError
from taskify_testkit.facts import MARKER_KIND, MARKER_SENDER, Json, broker
from taskify_testkit.observer import Observer

REGISTERED_AT_ONCE = 8
"""Taskify hashes few passwords at a time, and turns away who would wait long."""

_CONNECT_SECONDS = 30.0
_ANSWER_SECONDS = 30.0


class System:
    """`amqp_url` is the address of the service's broker user; `contract` the service's."""

    def __init__(
        self, addresses: Addresses, contract: Contract, amqp_url: str, connection: AbstractConnection, api: Api
    ) -> None:
        self.addresses = addresses
        self.contract = contract
        self.amqp_url = amqp_url
        self.connection = connection
        self.api = api
        self.observer = Observer()
        self._registering = asyncio.Semaphore(REGISTERED_AT_ONCE)
        self._open = AsyncExitStack()

    @classmethod
    async def connect(cls, addresses: Addresses, contract: Contract, amqp_url: str | None = None) -> Self:
        """Connect; without an address of the service's own, make its broker user.

        Raises:
            NotStartedError: something does not answer, or refuses.
        """
        async with AsyncExitStack() as opened:
            # All people send by one client, which therefore keeps nobody's session.
            no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
            http = await opened.enter_async_context(
                httpx.AsyncClient(timeout=REQUEST_SECONDS, trust_env=False, cookies=no_cookies)
            )
            if amqp_url is None:
                amqp_url = await service_user(http, addresses, contract.service)
            try:
                connection = await aio_pika.connect(addresses.administrator, timeout=_CONNECT_SECONDS)
            except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
                raise NotStartedError(f"the broker does not let its administrator in: {error!r}") from error
            await opened.enter_async_context(connection)
            system = cls(addresses, contract, amqp_url, connection, Api(http, addresses))
            async with system.broker_answers():
                await system.observer.listen(connection)
            system._open = opened.pop_all()
            return system
        raise AssertionError("unreachable")

    async def close(self) -> None:
        await self._open.aclose()

    async def register(self, name: str) -> tuple[Json, Api]:
        """Make a person of this name; some at a time."""
        async with self._registering:
            return await self.api.register(name)

    async def catch_up(self) -> None:
        """Wait until the observer has heard all that the broker has confirmed."""
        async with self.broker_answers():
            await self.observer.catch_up()

    async def send_marker(self, recipients: Sequence[str], text: str) -> None:
        """Have people told of something that the test kit knows again; the broker has it when this returns."""
        facts = broker()
        event = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "type": facts.request_type,
            "source": f"/{MARKER_SENDER}",
            "time": datetime.now(UTC).isoformat(),
            "data": {"recipients": list(recipients), "kind": MARKER_KIND, "message": text},
        }
        message = aio_pika.Message(
            json.dumps(event).encode(),
            content_type=facts.content_type,
            message_id=str(event["id"]),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        async with self._channel() as channel:
            exchange = await channel.get_exchange(facts.events_exchange, ensure=False)
            # Who may send with this key is who the source says, so the worker asks for no `user_id`.
            key = f"{MARKER_SENDER}.{facts.request_routing_key}"
            await exchange.publish(message, key)

    async def request_queue(self) -> tuple[int, int]:
        """Give how many messages wait in the queue of requests, and how many workers take them."""
        async with self._channel() as channel:
            queue = await channel.declare_queue(broker().request_queue, passive=True)
            return queue.declaration_result.message_count or 0, queue.declaration_result.consumer_count or 0

    @asynccontextmanager
    async def _channel(self) -> AsyncIterator[AbstractChannel]:
        async with self.broker_answers(), self.connection.channel() as channel:
            yield channel

    @asynccontextmanager
    async def broker_answers(self) -> AsyncIterator[None]:
        """Bound what is asked of the broker.

        Raises:
            NotStartedError: it did not answer, or the connection is gone.
        """
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                yield
        except (OSError, TimeoutError, aio_pika.exceptions.AMQPError, RuntimeError) as error:
            # aio-pika says by a RuntimeError that a connection or a channel is closed.
            ended = await asyncio.to_thread(self.addresses.ended)
            raise NotStartedError(f"the broker does not answer: {error!r}{ended}") from error
