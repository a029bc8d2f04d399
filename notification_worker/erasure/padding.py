"""Fill the stream's newest segment with nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from uuid_utils.compat import uuid7

from contracts.deliveries import PADDING_CONTENT_TYPE, PADDING_TYPE
from contracts.topology import DELIVERIES
from infra.broker.publisher import Message

MESSAGE_BYTES = 250_000
"""Large enough that a segment takes few, and small enough that deliveries in between wait for no longer than one."""

Publish = Callable[[str, Message], Awaitable[None]]
"""Publishes to an exchange; returns when it is confirmed."""


@dataclass(frozen=True, slots=True)
class Padding:
    message_id: str
    body: bytes
    type: str = PADDING_TYPE
    content_type: str = PADDING_CONTENT_TYPE
    routing_key: str = ""


async def pad(publish: Publish, size: int, note: Callable[[int], Awaitable[None]], stop: asyncio.Event) -> bool:
    """Publish at least so many bytes, and note them message by message; say whether all were, or the stop came.

    One message more makes sure that the segment is found full, whether the broker looks before it writes or after.
    """
    body = b" " * MESSAGE_BYTES
    left = size + MESSAGE_BYTES
    while left > 0 and not stop.is_set():
        await publish(DELIVERIES, Padding(str(uuid7()), body))
        await note(len(body))
        left -= len(body)
    return left <= 0
