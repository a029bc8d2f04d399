"""Many windows, and what they heard."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.load.generator.frames import handshake
from tests.load.generator.window import Window

HEARTBEAT_SECONDS = 25.0
_BEATS_A_SECOND = 20
_NOT_COUNTED = (b'{"type":"PONG"', b'{"type":"RESYNC"')
"""What a gateway answers to a heartbeat; `RESYNC` since who only counts frames proves to have none of them."""

_LATENESS_SECONDS = 0.01
_LOOK_SECONDS = 0.05

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """Whose window it is; without a token it only shakes hands."""

    user_id: str
    token: str
    seq: int = 0


class Crowd:
    """`arrivals` holds (moment, window, task, how it came); with `decode` off, frames are only counted."""

    def __init__(self, url: str, members: list[Member], *, decode: bool) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.request = handshake(self.host, self.port, parts.path or "/")
        self.members = members
        self.decode = decode
        self.windows = [Window(self, number, member.seq) for number, member in enumerate(members)]
        self.joined: dict[int, asyncio.Future[bool]] = {}
        self.live = 0
        self.frames = 0
        self.first_at = self.last_at = 0.0
        self.arrivals: list[tuple[float, int, str, str]] = []
        self.trouble: Counter[str] = Counter()
        self.behind: dict[int, set[int]] = {}
        """Windows that need a sync, and the numbers of what came to them meanwhile."""

        self.latest_timer = 0.0
        self._wanted = 0
        self._enough = asyncio.Event()

    def opened(self, window: Window) -> None:
        token = self.members[window.number].token
        if token:
            window.send({"type": "AUTH", "payload": {"token": token}})
        else:
            self._join(window)

    def refused(self, window: Window, status: str) -> None:
        self.trouble[f"refused with {status}"] += 1
        self._settle(window, joined=False)

    def lost(self, window: Window) -> None:
        if window.is_live:
            window.is_live = False
            self.live -= 1
            if window.close_code:
                self.trouble[f"closed with {window.close_code}"] += 1
        self._settle(window, joined=False)

    def heard(self, window: Window, text: bytes) -> None:
        if not self.decode and window.is_live:
            if text.startswith(_NOT_COUNTED):
                return
            self.frames += 1
            self.last_at = time.time()
            if self.frames == 1:
                self.first_at = self.last_at
            if self.frames == self._wanted:
                self._enough.set()
            return
        message = orjson.loads(text)
        payload = message["payload"]
        match message["type"]:
            case "READY":
                self._join(window)
            case "PONG":
                pass
            case "RESYNC":
                self.trouble["told to resync"] += 1
                self.behind.setdefault(window.number, set())
            case other if "seq" not in payload:
                self.trouble[f"got {other}"] += 1
            case _:
                self._changed(window, payload)

    def begin_count(self, frames: int) -> None:
        """Count frames from none."""
        self.frames, self._wanted, self.first_at, self.last_at = 0, frames, 0.0, 0.0
        self._enough.clear()

    async def until_counted(self, seconds: float) -> None:
        """Wait until so many frames have come, or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._enough.wait()
        except TimeoutError:
            self.trouble["frames did not all come"] += 1

    async def until_noted(self, arrivals: int, seconds: float) -> None:
        """Wait until so many arrivals are noted, or the time is over."""
        deadline = time.monotonic() + seconds
        while len(self.arrivals) < arrivals and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)

    async def beat(self) -> None:
        """Send every window's heartbeat when it is due, a few of them at a time."""
        pause, number = 1 / _BEATS_A_SECOND, 0
        while True:
            at_once = max(1, round(len(self.windows) / HEARTBEAT_SECONDS / _BEATS_A_SECOND))
            for window in self.windows[number : number + at_once]:
                if window.is_live and self.members[window.number].token:
                    window.send({"type": "PING", "payload": {"seq": window.seq}})
            number = number + at_once if number + at_once < len(self.windows) else 0
            await asyncio.sleep(pause)

    async def watch_lateness(self) -> None:
        """Note how late our own timers are at most: then all that was measured here is late as well."""
        while True:
            due = time.monotonic() + _LATENESS_SECONDS
            await asyncio.sleep(_LATENESS_SECONDS)
            self.latest_timer = max(self.latest_timer, time.monotonic() - due)

    def note(self, window: Window, task_id: str, how: str) -> None:
        self.arrivals.append((time.time(), window.number, task_id, how))

    def synced(self, window: Window, latest_seq: int) -> None:
        """Go on from the answer of a sync, and from what came after it while it was under way."""
        came = self.behind.pop(window.number, set())
        window.seq = max(window.seq, latest_seq)
        while window.seq + 1 in came:
            window.seq += 1

    def write_arrivals(self, path: Path) -> int:
        """Write what was noted, a line each, and forget it."""
        path.write_bytes(b"\n".join(orjson.dumps(arrival) for arrival in self.arrivals))
        count = len(self.arrivals)
        self.arrivals.clear()
        return count

    def _changed(self, window: Window, payload: Json) -> None:
        """Go by the rule of the numbered inbox."""
        seq = payload["seq"]
        if seq <= window.seq:
            self.trouble["dropped, since a sync had told it"] += 1
            return
        if seq > window.seq + 1 and window.number not in self.behind:
            self.trouble["found a gap"] += 1
            self.behind[window.number] = set()
        if window.number in self.behind:
            self.behind[window.number].add(seq)
        else:
            window.seq = seq
        self.note(window, payload.get("task_id") or "", "frame")

    def _join(self, window: Window) -> None:
        window.is_live = True
        self.live += 1
        self._settle(window, joined=True)

    def _settle(self, window: Window, *, joined: bool) -> None:
        waiting = self.joined.pop(window.number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(joined)
