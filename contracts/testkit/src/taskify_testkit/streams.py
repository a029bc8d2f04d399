"""Taskify's own events, live, as a consumer gets them."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import TracebackType
from typing import Self

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from taskify_testkit.background import Background
from taskify_testkit.errors import SettingsError, TaskifyTestkitError, UnexpectedError
from taskify_testkit.facts import Json, broker
from taskify_testkit.system import System

EVENT_SECONDS = 30.0

PREFETCH = 1_000
"""How many events wait for the test at most; the broker keeps those behind them."""


@dataclass(frozen=True, slots=True)
class Event:
    """`body` is the message's, as a consumer gets it; `routing_key` and `properties` are the message's too."""

    body: bytes
    routing_key: str
    properties: Json

    @property
    def envelope(self) -> Json:
        read: Json = json.loads(self.body)
        return read

    @property
    def type(self) -> str:
        return str(self.envelope["type"])

    @property
    def subject(self) -> str | None:
        subject: str | None = self.envelope.get("subject")
        return subject

    @property
    def data(self) -> Json:
        data: Json = self.envelope["data"]
        return data

    def __str__(self) -> str:
        return f"{self.type} of {self.subject}"


def patterns_of(words: Sequence[str]) -> tuple[str, ...]:
    """Give the routing keys to listen to; `task.assigned` means that of every lane.

    Raises:
        SettingsError: Taskify sends no such events.
    """
    known = {key.removesuffix(".*"): key for key in broker().routing_keys.values()}
    patterns = []
    for word in words or sorted(known):
        if word not in known:
            close = get_close_matches(word, known, n=1)
            hint = f"; perhaps {close[0]!r}" if close else ""
            raise SettingsError(f"Taskify sends no events {word!r}{hint}. It sends {', '.join(sorted(known))}")
        patterns.append(known[word])
    return tuple(patterns)


class EventStream:
    """Hears events from the moment at which the block is entered, through a queue that vanishes at its end."""

    def __init__(self, system: System, background: Background, words: Sequence[str]) -> None:
        self._system = system
        self._background = background
        self._patterns = patterns_of(words)
        self._words = f" {', '.join(words)}" if words else ""
        self._channel: AbstractChannel | None = None
        self._arrived: list[tuple[Event, AbstractIncomingMessage]] = []
        self._changed = asyncio.Condition()
        self._skipped: list[str] = []

    async def __aenter__(self) -> Self:
        await self._background.call(self._open())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._background.call(self._close())

    async def next(
        self,
        wanted: Callable[[Event], bool] = lambda _: True,
        *,
        subject: str | None = None,
        within: float = EVENT_SECONDS,
    ) -> Event:
        """Take the next event that is wanted; those before it are skipped. `subject` is a task's or a person's id.

        `wanted` is called in the test kit's thread; an event at which it raises stays.

        Raises:
            TaskifyTestkitError: this is not inside the `async with` block.
            UnexpectedError: none came within so many seconds; the text says which came.
        """
        __tracebackhide__ = True
        if self._channel is None:
            raise TaskifyTestkitError("`next` is called inside the block: `async with taskify.events() as events:`")
        event = await self._background.call(self._next(wanted, subject, within))
        if event is None:
            what = f"an event{self._words}" + ("" if subject is None else f" of {subject}")
            came = "".join(f"\n          {each}" for each in self._skipped[-10:]) or " nothing"
            raise UnexpectedError(f"no event came within {within:g} s\nexpected  {what}\ncame     {came}")
        return event

    async def _open(self) -> None:
        async with self._system.broker_answers():
            self._channel = channel = await self._system.connection.channel()
            await channel.set_qos(prefetch_count=PREFETCH)
            queue = await channel.declare_queue(exclusive=True)
            for pattern in self._patterns:
                await queue.bind(broker().events_exchange, pattern)
            await queue.consume(self._hear)

    async def _close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            async with self._system.broker_answers():
                await channel.close()

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        properties = {name: getattr(message, name) for name in ("message_id", "type", "content_type", "user_id")}
        async with self._changed:
            self._arrived.append((Event(message.body, message.routing_key or "", properties), message))
            self._changed.notify_all()

    async def _next(self, wanted: Callable[[Event], bool], subject: str | None, within: float) -> Event | None:
        async with self._changed:
            try:
                async with asyncio.timeout(within):
                    while True:
                        while self._arrived:
                            event, message = self._arrived[0]
                            is_wanted = subject in (None, event.subject) and wanted(event)
                            del self._arrived[0]
                            async with self._system.broker_answers():
                                await message.ack()
                            if is_wanted:
                                return event
                            self._skipped.append(str(event))
                        await self._changed.wait()
            except TimeoutError:
                return None
