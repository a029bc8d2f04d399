"""A publisher for as long as a process runs: opened again, on any of the addresses, whenever it is lost."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from infra.backoff import full_jitter
from infra.broker import BrokerAwayError
from infra.broker.connection import connect
from infra.broker.publisher import Message, Publisher
from infra.telemetry.logging import get_logger
from infra.waiting import any_set

_BACKOFF_SECONDS = 0.1
_BACKOFF_CAP_SECONDS = 5.0

_STEADY_SECONDS = 5.0
"""A connection that lasted this long was a good one: the next loss starts the backoff anew."""

log = get_logger("broker")


class PublisherLink:
    """Publishes when there is a connection and fails at once when there is none: it holds no message back.

    `run` is a service of `infra.lifecycle`; `name` is what the broker shows of the connection.
    """

    def __init__(self, urls: Sequence[str], name: str) -> None:
        self._urls = tuple(urls)
        self._name = name
        self._publisher: Publisher | None = None
        self._trouble = "not connected yet"
        self.up = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep a publisher open until the stop."""
        pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
        while not stop.is_set():
            opened_at = time.monotonic()
            try:
                publisher = await Publisher.open(await connect(self._urls, self._name))
            except BrokerAwayError as error:
                self._trouble = str(error)
                log.warning("broker_away", connection=self._name, error=self._trouble)
            else:
                await self._hold(publisher, stop)
                if publisher.lost_to_a_message or time.monotonic() - opened_at > _STEADY_SECONDS:
                    pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
            await any_set(stop, seconds=next(pauses))

    async def publish(self, exchange: str, message: Message, *, headers: Mapping[str, str] | None = None) -> None:
        """Publish one message; see `Publisher.publish`.

        Raises:
            BrokerBlockedError: the broker takes no messages now.
            BrokerAwayError: there is no connection now, it broke, or no confirm came in time.
            MessageRefusedError: the broker will not have this message.
        """
        await self._current().publish(exchange, message, headers=headers)

    async def wait_until_writable(self, seconds: float) -> None:
        """Wait until there is a connection and the broker takes messages.

        Raises:
            BrokerBlockedError: it still takes none after `seconds`.
            BrokerAwayError: there is still no connection.
        """
        if not await any_set(self.up, seconds=seconds):
            raise BrokerAwayError(self._trouble)
        await self._current().wait_until_unblocked(seconds)

    async def check(self) -> None:
        """Fail unless messages can be published now; for readiness.

        That the broker is blocked is known from the first message on that it did not take.

        Raises:
            BrokerBlockedError: the broker takes no messages.
            BrokerAwayError: there is no connection.
        """
        await self._current().wait_until_unblocked(0)

    async def _hold(self, publisher: Publisher, stop: asyncio.Event) -> None:
        self._publisher = publisher
        self.up.set()
        log.info("broker_connected", connection=self._name)
        try:
            await any_set(stop, publisher.lost)
        finally:
            self.up.clear()
            self._publisher = None
            self._trouble = f"the connection was lost: {publisher.lost_because}"
            await publisher.close()
        if not stop.is_set():
            log.warning("broker_away", connection=self._name, error=self._trouble)

    def _current(self) -> Publisher:
        if self._publisher is None:
            raise BrokerAwayError(self._trouble)
        return self._publisher
