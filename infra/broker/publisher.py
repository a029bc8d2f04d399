"""Confirmed publishing over one channel."""

import asyncio
import struct
from collections.abc import Mapping
from typing import Protocol, Self

import aio_pika
import aio_pika.abc
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelPreconditionFailed, DeliveryError, PublishError
from aiormq.channel import Channel
from aiormq.exceptions import ChannelAccessRefused

from infra.broker import (
    BrokerAwayError,
    BrokerBlockedError,
    MessageForbiddenError,
    MessageNackedError,
    MessageNotEncodableError,
    MessagesSuspectedError,
    MessageUnroutableError,
)
from infra.broker.confirms import ConfirmedSending
from infra.broker.connection import CONNECT_SECONDS, close, endings_told, user_of
from infra.broker.frames import FRAME_OVERHEAD, publish_frames

CONFIRM_SECONDS = 5.0
"""Longer than any confirm of a healthy broker, and shorter than the time a process has to stop."""

_BLOCKED = "the broker takes no messages now: it is short of memory or disk"
_NOT_ENCODABLE = (ValueError, TypeError, struct.error)


class Message(Protocol):
    """What can be published: an `OutboxMessage`, and whatever looks like one."""

    @property
    def message_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def routing_key(self) -> str: ...
    @property
    def body(self) -> str | bytes: ...


class Publisher:
    """Publishes over one channel of one connection, and owns both.

    `lost` is set when either is gone for good; with `lost_to_a_message` the broker is well, and closed the channel over
    what a message says. Messages leave in the order of the calls. No two in flight may have the same `message_id`: the
    client library finds the returned one by it.

    While the broker is short of memory or disk (`connection.blocked`) nothing is sent and the connection is kept. The
    broker reads nothing from it then, not even its end: each new connection would be one more that it holds, with all
    that was sent over it, and would not know of the shortage. For it tells of that only who publishes.
    """

    def __init__(self, connection: aio_pika.abc.AbstractConnection, channel: Channel) -> None:
        self._connection = connection
        self._channel = channel
        self._sending = ConfirmedSending(channel)
        self._user = user_of(connection)
        self._in_flight = 0
        self._in_flight_at_end: int | None = None
        self.lost = asyncio.Event()
        self.lost_because = ""
        self.lost_to_a_message = False
        channel.closing.add_done_callback(self._on_channel_close)
        connection.close_callbacks.add(self._on_close)

    @classmethod
    async def open(cls, connection: aio_pika.abc.AbstractConnection) -> Self:
        """Open a channel with confirms on a connection, which belongs to the publisher from now on.

        Raises:
            BrokerAwayError: the broker does not open one.
        """
        try:
            with endings_told():
                return await cls._open(connection)
        except (TimeoutError, BrokerAwayError, *CONNECTION_EXCEPTIONS) as error:
            await close(connection)
            raise BrokerAwayError(f"no channel could be opened: {error!r}") from error

    @classmethod
    async def _open(cls, connection: aio_pika.abc.AbstractConnection) -> Self:
        async with asyncio.timeout(CONNECT_SECONDS):
            transport = connection.transport
            if transport is None:
                raise ConnectionError("the connection is closed")
            channel = await transport.connection.channel(publisher_confirms=True, on_return_raises=True)
            if not isinstance(channel, Channel):
                raise TypeError("aiormq makes channels of its own kind")
            return cls(connection, channel)

    async def publish(
        self,
        exchange: str,
        message: Message,
        *,
        headers: Mapping[str, str] | None = None,
        confirm_seconds: float = CONFIRM_SECONDS,
    ) -> None:
        """Publish one message, persistent and mandatory; returns when the broker has confirmed it.

        Raises:
            BrokerBlockedError: the broker takes no messages now.
            BrokerAwayError: connection or channel are gone, or no confirm came in time; the publisher is then lost.
            MessageRefusedError: the broker will not have this message; others may follow.
        """
        if self._is_blocked():
            raise BrokerBlockedError(_BLOCKED)
        self._in_flight += 1
        try:
            await self._sending.send(self._frames(exchange, message, headers), message.message_id, confirm_seconds)
        except PublishError as error:
            raise MessageUnroutableError(f"no queue is bound for {message.routing_key!r} in {exchange!r}") from error
        except DeliveryError as error:
            raise MessageNackedError("a queue did not take the message (nack)") from error
        except (ChannelAccessRefused, ChannelPreconditionFailed) as error:
            raise self._closed_because_of_a_message(error) from error
        except (TimeoutError, *CONNECTION_EXCEPTIONS) as error:
            if not self.lost.is_set() and self._is_blocked():
                raise BrokerBlockedError(_BLOCKED) from error
            self._lose(error)
            raise BrokerAwayError(f"no confirm: {error!r}") from error
        except _NOT_ENCODABLE as error:
            raise MessageNotEncodableError(f"not a message that AMQP can carry: {error}") from error
        finally:
            self._in_flight -= 1

    async def wait_until_unblocked(self, seconds: float) -> None:
        """Wait while the broker takes no messages because it is short of memory or disk (`connection.blocked`).

        Raises:
            BrokerBlockedError: it still takes none after `seconds`.
            BrokerAwayError: the connection is gone.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._transport().ready()
        except TimeoutError as error:
            raise BrokerBlockedError(_BLOCKED) from error

    async def close(self) -> None:
        """Close channel and connection, in some seconds at most; messages in flight fail."""
        self.lost.set()
        await close(self._connection)

    def _transport(self) -> aio_pika.abc.UnderlayConnection:
        transport = self._connection.transport
        if self.lost.is_set() or transport is None:
            raise BrokerAwayError(f"the connection is gone: {self.lost_because}")
        return transport

    def _is_blocked(self) -> bool:
        """Look whether `ready` would wait: the library does not say it in another way. Asked for every message."""
        ready = self._transport().connection.ready()
        try:
            ready.send(None)
        except StopIteration:
            return False
        ready.close()
        return True

    def _frames(self, exchange: str, message: Message, headers: Mapping[str, str] | None) -> bytes:
        body = message.body
        return publish_frames(
            self._channel.number,
            exchange,
            message.routing_key,
            body=body.encode() if isinstance(body, str) else body,
            content_type=message.content_type,
            message_id=message.message_id,
            type_=message.type,
            user_id=self._user,
            headers=headers,
            frame_bytes=self._channel.max_content_size + FRAME_OVERHEAD,
        )

    def _closed_because_of_a_message(self, error: Exception) -> Exception:
        """Tell the culprit, if it was alone. All messages in flight fail together, each in its own task."""
        self._lose(error)
        if self._in_flight_at_end is None:
            self._in_flight_at_end = self._in_flight
        if isinstance(error, ChannelAccessRefused) and "access to topic" not in str(error):
            return BrokerAwayError(f"this user may not publish here: {error}")
        self.lost_to_a_message = True
        if self._in_flight_at_end == 1:
            return MessageForbiddenError(str(error))
        return MessagesSuspectedError(str(error))

    def _on_channel_close(self, closing: asyncio.Future[object]) -> None:
        self._lose(None if closing.cancelled() else closing.exception())

    def _on_close(self, _: object, error: BaseException | None) -> None:
        self._lose(error)

    def _lose(self, error: BaseException | None) -> None:
        self.lost_because = self.lost_because or repr(error)
        self.lost.set()
