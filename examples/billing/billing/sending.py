"""Publish events to Taskify's broker, and wait until it has them."""

import json
from collections.abc import Iterable
from typing import Any

import aio_pika

EXCHANGE = "domain.events"
ROUTING_KEY = "notification.requested"

_SECONDS = 10.0


async def send(amqp_url: str, events: Iterable[dict[str, Any]], *, routing_key: str = ROUTING_KEY) -> None:
    """Publish events in their order; when this returns, the broker has all of them.

    Raises:
        aio_pika.exceptions.AMQPError: it has not; send them again.
    """
    connection = await aio_pika.connect(amqp_url, timeout=_SECONDS)
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        for event in events:
            message = aio_pika.Message(
                json.dumps(event).encode(),
                content_type="application/cloudevents+json",
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                message_id=event["id"],
                type=event["type"],
                user_id=connection.url.user,
            )
            await exchange.publish(message, routing_key, mandatory=True, timeout=_SECONDS)
