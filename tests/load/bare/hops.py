"""The hops of a notification, each with bare libraries and nothing around it, one after the other on a quiet path.

What happens after the answer to a change: its relay is woken, reads the row, publishes it to a quorum queue, whose
consumer commits a transaction, wakes its relay, which reads, publishes to a stream, whose consumer sends a frame.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aio_pika
import aiormq.abc
import asyncpg
import orjson
import uvloop
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

_BODY = b"x" * 900
_WAIT_SECONDS = 10.0
_PAUSE_SECONDS = 0.02

Hop = Callable[[], Awaitable[None]]


async def timed(hop: Hop, count: int) -> list[float]:
    """Give how long each of so many took, in milliseconds, after a few that warm it up."""
    found = []
    for number in range(count + 5):
        began = time.perf_counter()
        async with asyncio.timeout(_WAIT_SECONDS):
            await hop()
        if number >= 5:
            found.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(_PAUSE_SECONDS)
    return found


async def woken(url: str, count: int) -> list[float]:
    """From `NOTIFY` to the rows read by who listens."""
    speaking, listening = await asyncpg.connect(url), await asyncpg.connect(url)
    heard = asyncio.Event()
    await listening.add_listener("hops", lambda *_: heard.set())

    async def hop() -> None:
        await speaking.execute("NOTIFY hops")
        await heard.wait()
        heard.clear()
        await listening.fetch("SELECT * FROM outbox ORDER BY id LIMIT 500")

    found = await timed(hop, count)
    await speaking.close()
    await listening.close()
    return found


async def committed(url: str, count: int) -> list[float]:
    """One transaction that writes one row."""
    connection = await asyncpg.connect(url)

    async def hop() -> None:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO outbox (message_id, type, content_type, routing_key, order_key, body) "
                "VALUES ('1', 't', 'c', 'r', 'o', $1)",
                _BODY.decode(),
            )

    found = await timed(hop, count)
    await connection.execute("DELETE FROM outbox")
    await connection.close()
    return found


async def carried(url: str, queue: dict[str, Any], start: dict[str, Any], count: int) -> list[float]:
    """From publish to consume, through a queue of a kind; `start` is the consumer's arguments."""
    connection = await aio_pika.connect(url)
    async with connection:
        publishing = await connection.channel()
        consuming = await (await connection.channel()).get_underlay_channel()
        declared = await publishing.declare_queue(f"hops-{queue['x-queue-type']}", durable=True, arguments=queue)
        came = asyncio.Event()

        async def take(message: aiormq.abc.DeliveredMessage) -> None:
            came.set()
            await consuming.basic_ack(message.delivery_tag or 0, wait=False)

        await consuming.basic_qos(prefetch_count=100)
        await consuming.basic_consume(declared.name, take, arguments=start)

        async def hop() -> None:
            message = aio_pika.Message(_BODY, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await publishing.default_exchange.publish(message, declared.name, mandatory=True)
            await came.wait()
            came.clear()

        found = await timed(hop, count)
        await declared.delete(if_unused=False, if_empty=False)
    return found


async def framed(count: int) -> list[float]:
    """From a server's send to the decoded frame."""
    connected: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def hold(connection: ServerConnection) -> None:
        connected.set_result(connection)
        await connection.wait_closed()

    text = orjson.dumps({"type": "NOTIFICATION", "payload": {"message": "x" * 250}}).decode()
    async with serve(hold, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as client:
            sending = await connected

            async def hop() -> None:
                await sending.send(text)
                orjson.loads(await client.recv())

            return await timed(hop, count)


async def main(database: str, broker: str, count: int) -> None:
    wake = await woken(database, count)
    hops = {
        "relay woken, rows read": wake,
        "quorum queue, publish to consume": await carried(broker, {"x-queue-type": "quorum"}, {}, count),
        "one transaction": await committed(database, count),
        "second relay woken, rows read": wake,
        "stream, publish to consume": await carried(
            broker, {"x-queue-type": "stream"}, {"x-stream-offset": "next"}, count
        ),
        "frame, send to decode": await framed(count),
    }
    sys.stdout.write(orjson.dumps(hops).decode() + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("broker")
    parser.add_argument("count", type=int)
    chosen = parser.parse_args()
    uvloop.run(main(chosen.database, chosen.broker, chosen.count))
