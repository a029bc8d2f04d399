"""Bare websockets: takes in whoever shakes hands, and sends frames in a loop. Commands as the generator's.

push  {rounds, bytes}  → {seconds, cpu_seconds}; to each connection a frame of its own, in each round
use   {}               → {connections, cpu_seconds}
"""

import argparse
import asyncio
import sys
import time
from typing import Any

import orjson
import uvloop
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve

_BACKLOG = 4_096
Json = dict[str, Any]


async def hold(connection: ServerConnection) -> None:
    async for _ in connection:
        pass


async def push(server: Server, rounds: int, size: int) -> Json:
    connections = list(server.connections)
    # Made beforehand, each with its own beginning: what is measured is the sending.
    texts = [f"{number:08d}".ljust(size, "x").encode() for number in range(len(connections))]
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(rounds):
        for connection, text in zip(connections, texts, strict=True):
            broadcast((connection,), text, text=True)
        # The library's sockets get their turn, as they would in any server.
        await asyncio.sleep(0)
    return {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with serve(hold, "127.0.0.1", port, backlog=_BACKLOG, compression=None, ping_interval=None) as server:
        while line := await reader.readline():
            command = orjson.loads(line)
            if command["do"] == "push":
                answer = await push(server, command["rounds"], command["bytes"])
            else:
                answer = {"connections": len(server.connections), "cpu_seconds": time.process_time()}
            sys.stdout.write(orjson.dumps(answer).decode() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    uvloop.run(main(parser.parse_args().port))
