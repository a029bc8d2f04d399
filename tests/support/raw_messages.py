"""Messages with properties that no client library would write, as bytes."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractChannel
from aiormq.abc import ChannelFrame
from aiormq.channel import Channel
from pamqp.commands import Basic

_METHOD, _HEADER, _BODY = 1, 2, 3
_BASIC_PUBLISH = struct.pack(">HHH", 60, 40, 0)


def short(text: bytes) -> bytes:
    return bytes((len(text),)) + text


def long(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def field(name: bytes, kind: bytes, value: bytes = b"") -> bytes:
    return short(name) + kind + value


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def header_payload(body_bytes: int, encoded: dict[str, bytes]) -> bytes:
    """Encode a content header; the properties are named as in `Basic.Properties`, and are bytes already."""
    names = [name for name in Basic.Properties.attributes() if name in encoded]
    flags = sum(Basic.Properties.flags[name] for name in names)
    return struct.pack(">HHQH", 60, 0, body_bytes, flags) + b"".join(encoded[name] for name in names)


class RawSender:
    def __init__(self, channel: AbstractChannel) -> None:
        self._channel = channel

    async def send(self, exchange: str, routing_key: bytes, body: bytes, **encoded: bytes) -> None:
        """Send a message; returns when the broker has read it, and fails if it would not have it."""
        underlay = await self._channel.get_underlay_channel()
        assert isinstance(underlay, Channel)
        number = underlay.number
        payload = b"".join(
            (
                frame(_METHOD, number, _BASIC_PUBLISH + short(exchange.encode()) + short(routing_key) + b"\0"),
                frame(_HEADER, number, header_payload(len(body), encoded)),
                frame(_BODY, number, body),
            )
        )
        await underlay.write_queue.put(ChannelFrame(payload, should_close=False, drain_future=None))
        await self._channel.set_qos(prefetch_count=1, timeout=10)


@asynccontextmanager
async def raw_sender(url: str) -> AsyncIterator[RawSender]:
    async with await aio_pika.connect(url) as connection, connection.channel(publisher_confirms=False) as channel:
        yield RawSender(channel)


def nested(levels: int) -> bytes:
    """Encode a table in a table in a table…"""
    content = b""
    for _ in range(levels):
        content = field(b"", b"F", long(content))
    return long(content)


_NOW_NS = struct.pack(">Q", 1_790_000_000_123_456_789)
_NOW_US = struct.pack(">Q", 1_790_000_000_123_456)

ODD: dict[str, dict[str, bytes]] = {
    "a time in nanoseconds": {"timestamp": _NOW_NS},
    "a time in microseconds": {"timestamp": _NOW_US},
    "the last time there is": {"timestamp": b"\xff" * 8},
    "a header's time in nanoseconds": {"headers": long(field(b"sent-at", b"T", _NOW_NS))},
    "an id that is no text": {"message_id": short(b"\xff" * 255)},
    "a type that is no text": {"message_type": short(b"caf\xe9")},
    "a header's name that is no text": {"headers": long(field(b"caf\xe9", b"S", long(b"x")))},
    "a table in a table in a table": {"headers": nested(2_000)},
}
"""Properties that RabbitMQ passes on, and the client library cannot decode."""
