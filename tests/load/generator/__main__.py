"""The load process: takes commands as lines of JSON, answers each with a line.

connect  {url, members, decode, at_once}    → {seconds}; `members` is a file with a member in each line
expect   {frames}                           → {} at once; from now on frames are counted
counted  {seconds}                          → {frames, first_at, last_at}
storm    {sync, connections}                → {live, caught_up}, seconds after the cut
catch_up {sync, connections}                → {behind}
noted    {arrivals, seconds}                → {} when so many arrivals are noted, or the time is over
arrivals {path}                             → {count}; written to the file and forgotten
state    {}                                 → {windows, live, trouble, cpu_seconds, latest_timer}
seqs     {}                                 → {seqs}, of each window
close    {}                                 → {}
"""

import asyncio
import gc
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import uvloop

from tests.load.generator.crowd import Crowd, Member
from tests.load.generator.http import HttpClient
from tests.load.generator.joining import Storm, catch_up_behind, join_all

_LONGEST_COMMAND = 1024 * 1024

Json = dict[str, Any]


class Commands:
    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._crowd = Crowd("ws://127.0.0.1:1", [], decode=True)
        self._background: list[asyncio.Task[None]] = []

    async def connect(self, url: str, members: str, at_once: int, *, decode: bool) -> Json:
        people = [Member(*orjson.loads(line)) for line in Path(members).read_bytes().splitlines()]
        self.stop_background()
        self._crowd = Crowd(url, people, decode=decode)
        seconds = await join_all(self._crowd, at_once)
        self._background = [
            self._group.create_task(self._crowd.beat()),
            self._group.create_task(self._crowd.watch_lateness()),
        ]
        return {"seconds": seconds}

    async def expect(self, frames: int) -> Json:
        self._crowd.begin_count(frames)
        return {}

    async def counted(self, seconds: float) -> Json:
        crowd = self._crowd
        await crowd.until_counted(seconds)
        return {"frames": crowd.frames, "first_at": crowd.first_at, "last_at": crowd.last_at}

    async def storm(self, sync: str, connections: int) -> Json:
        async with HttpClient(sync, connections) as client:
            storm = Storm(self._crowd, client)
            await storm.run()
        return {"live": storm.live, "caught_up": storm.caught_up}

    async def catch_up(self, sync: str, connections: int) -> Json:
        async with HttpClient(sync, connections) as client:
            return {"behind": await catch_up_behind(self._crowd, client)}

    async def arrivals(self, path: str) -> Json:
        return {"count": self._crowd.write_arrivals(Path(path))}

    async def state(self) -> Json:
        crowd = self._crowd
        return {
            "windows": len(crowd.windows),
            "live": crowd.live,
            "trouble": dict(crowd.trouble),
            "cpu_seconds": time.process_time(),
            "latest_timer": crowd.latest_timer,
        }

    async def noted(self, arrivals: int, seconds: float) -> Json:
        await self._crowd.until_noted(arrivals, seconds)
        return {}

    async def seqs(self) -> Json:
        return {"seqs": [window.seq for window in self._crowd.windows]}

    async def close(self) -> Json:
        for window in self._crowd.windows:
            window.close()
        async with asyncio.timeout(30):
            while self._crowd.live:
                await asyncio.sleep(0.01)
        return {}

    def stop_background(self) -> None:
        for task in self._background:
            task.cancel()


async def main() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LONGEST_COMMAND)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with asyncio.TaskGroup() as group:
        commands = Commands(group)
        while line := await reader.readline():
            command = orjson.loads(line)
            answer = await getattr(commands, command.pop("do"))(**command)
            sys.stdout.write(orjson.dumps(answer).decode() + "\n")
            sys.stdout.flush()
        commands.stop_background()


if __name__ == "__main__":
    gc.disable()  # A full collection over thousands of windows would stop them all.
    uvloop.run(main())
