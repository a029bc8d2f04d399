"""Raw aio-pika: publish messages, confirmed, so many in flight."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import orjson
import uvloop

from contracts.topology import DOMAIN_EVENTS
from infra.outbox.message import OutboxMessage
from tests.load.bare.messages import read_messages


async def main(url: str, messages: list[OutboxMessage], in_flight: int) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(DOMAIN_EVENTS, ensure=False)

        async def work(waiting: Iterator[OutboxMessage]) -> None:
            for message in waiting:
                await exchange.publish(
                    aio_pika.Message(
                        message.body.encode(),
                        content_type=message.content_type,
                        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        message_id=message.message_id,
                        type=message.type,
                    ),
                    message.routing_key,
                    mandatory=True,
                )

        began, cpu = time.perf_counter(), time.process_time()
        waiting = iter(messages)
        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(work(waiting))
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    sys.stdout.write(orjson.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds}).decode() + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("messages", type=Path)
    parser.add_argument("--in-flight", type=int, default=200)
    chosen = parser.parse_args()
    uvloop.run(main(chosen.url, read_messages(chosen.messages), chosen.in_flight))
