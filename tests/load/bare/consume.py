"""Bare FastStream: consume messages from all lanes into nothing, acknowledging each."""

import argparse
import asyncio
import sys
import time

import orjson
import uvloop
from faststream import AckPolicy
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from contracts.topology import TASK_LANES, task_events_queue


async def main(url: str, messages: int, prefetch: int) -> None:
    broker = RabbitBroker(url, logger=None)
    done = asyncio.Event()
    moments: list[float] = []

    async def nothing(_: bytes) -> None:
        if len(moments) in {0, messages - 1}:
            cpu.append(time.process_time())
        moments.append(time.perf_counter())
        if len(moments) == messages:
            done.set()

    cpu: list[float] = []
    for lane in range(TASK_LANES):
        broker.subscriber(
            RabbitQueue(task_events_queue(lane), queue_type=QueueType.QUORUM, declare=False),
            channel=Channel(prefetch_count=prefetch),
            ack_policy=AckPolicy.ACK,
            no_reply=True,
        )(nothing)
    await broker.start()
    await done.wait()
    await broker.stop()
    result = {"seconds": moments[-1] - moments[0], "cpu_seconds": cpu[-1] - cpu[0]}
    sys.stdout.write(orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("messages", type=int)
    parser.add_argument("--prefetch", type=int, default=200)
    chosen = parser.parse_args()
    uvloop.run(main(chosen.url, chosen.messages, chosen.prefetch))
