"""One open window of a person: the socket, as a page uses it. Source: Taskify's protocol of the socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from taskify_testkit.errors import NotStartedError, TaskifyTestkitError
from taskify_testkit.facts import Json
from taskify_testkit.notification import Notification

_OPEN_SECONDS = 30.0

Sync = Callable[[int | None], Awaitable[Json]]


class Window:
    """`arrived` are the notifications that came while it was open, in their order; one that was changed came again.

    `taken` are the ids of those that `take` has given.
    """

    def __init__(self, address: str, token: str, sync: Sync) -> None:
        self._address = address
        self._token = token
        self._sync = sync
        self._socket: ClientConnection | None = None
        self._seq: int | None = None
        self._heartbeat_seconds = 0.0
        self._changed = asyncio.Condition()
        self.arrived: list[Notification] = []
        self.taken: set[str] = set()
        self.state = "it was never opened"

    async def open(self) -> None:
        """Connect, authenticate, and catch up; from now on `read` hears everything.

        Raises:
            NotStartedError: the gateway does not let it in.
        """
        try:
            await self._open()
        except BaseException:
            # Also who is given up midway holds no socket.
            if self._socket is not None:
                await self._socket.close()
            raise

    async def _open(self) -> None:
        self._socket = None
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                self._socket = await connect(self._address, compression=None, proxy=None, ping_interval=None)
                await self._socket.send(json.dumps({"type": "AUTH", "payload": {"token": self._token}}))
                ready = json.loads(await self._socket.recv())
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            raise NotStartedError(f"the gateway at {self._address} opens no window: {error!r}") from error
        if ready["type"] != "READY":
            raise NotStartedError(f"the gateway at {self._address} opens no window: it says {ready}")
        self._heartbeat_seconds = ready["payload"]["heartbeat_s"]
        known = self._seq is not None
        answer = await self._sync(self._seq)
        async with self._changed:
            self._seq = answer["latest_seq"]
            if known:
                self.arrived += map(Notification.of, _in_order(answer))
            self.state = "open"
            self._changed.notify_all()

    async def read(self) -> None:
        """Take frames until the socket is closed."""
        socket, loop = self._socket, asyncio.get_running_loop()
        if socket is None:
            raise RuntimeError("a window is read after it was opened")
        beat_at = loop.time() + self._heartbeat_seconds
        try:
            while True:
                try:
                    async with asyncio.timeout_at(beat_at):
                        frame = json.loads(await socket.recv())
                except TimeoutError:
                    await socket.send(json.dumps({"type": "PING", "payload": {"seq": self._seq or 0}}))
                    beat_at = loop.time() + self._heartbeat_seconds
                else:
                    await self._take(frame)
        except ConnectionClosed as closed:
            code = "no close frame" if closed.rcvd is None else f"{closed.rcvd.code} {closed.rcvd.reason}".strip()
            self.state = f"the gateway closed it ({code})" if self.state == "open" else self.state
        except TaskifyTestkitError as error:
            self.state = f"it could not catch up: {error}"
        except (KeyError, TypeError, ValueError) as error:
            self.state = f"it does not understand the gateway: {error!r}"

    async def close(self) -> None:
        """Close the socket; what arrived stays."""
        self.state = "the test closed it"
        if self._socket is not None:
            await self._socket.close()

    async def take(self, wanted: Callable[[Notification], bool], seconds: float) -> Notification | None:
        """Take the first notification that is wanted out of what arrived, or wait for it; None if it did not come."""
        async with self._changed:
            try:
                async with asyncio.timeout(seconds):
                    while (found := next(filter(wanted, self.arrived), None)) is None:
                        await self._changed.wait()
            except TimeoutError:
                # What has come in the same moment has come in time.
                if (found := next(filter(wanted, self.arrived), None)) is None:
                    return None
            self.arrived.remove(found)
            self.taken.add(found.id)
            return found

    async def _take(self, frame: Json) -> None:
        payload, seq = frame["payload"], frame["payload"].get("seq")
        known = self._seq or 0
        if frame["type"] == "RESYNC" or (seq is not None and seq > known + 1):
            answer = await self._sync(self._seq)
            news, latest = _in_order(answer), answer["latest_seq"]
        elif seq is not None and seq > known:
            news, latest = [payload] if frame["type"] == "NOTIFICATION" else [], seq
        else:
            return
        async with self._changed:
            self._seq = latest
            self.arrived += map(Notification.of, news)
            self._changed.notify_all()


def _in_order(answer: Json) -> list[Json]:
    """Give the rows of a `sync` in the order of their changes, in which frames would have come."""
    return sorted(
        (each for each in answer["items"] if each["read_at"] is None), key=lambda each: (each["seq"], each["id"])
    )
