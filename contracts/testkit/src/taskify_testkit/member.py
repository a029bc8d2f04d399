"""What the test kit does and knows of one person; all of it runs in the background."""

import asyncio
from concurrent.futures import Future
from typing import Self

from taskify_testkit.api import Api
from taskify_testkit.background import Background
from taskify_testkit.errors import NotStartedError, TaskifyTestkitError
from taskify_testkit.facts import MARKER_KIND, Json
from taskify_testkit.notification import Notification
from taskify_testkit.stopped import SHOWN, Circumstances, is_undecided, own_kinds, where_it_stopped
from taskify_testkit.system import System
from taskify_testkit.window import Window

_KNOWN_SECONDS = 60.0
_MARKER_SECONDS = 1.0

_JUDGED_SECONDS = 30.0
"""How long a failure waits for the worker's judgement, before it says that there is none yet."""

_POLL_SECONDS = 0.2


class Member:
    """Somebody with an account and a window; `since` is where the test began in what the observer hears."""

    def __init__(self, system: System, background: Background, account: Json, api: Api, since: int) -> None:
        self.id: str = account["id"]
        self.name: str = account["name"]
        self.api = api
        self._system = system
        self._background = background
        self._since = since
        self._window = Window(system.addresses.socket, api.token, api.sync)
        self._reading: Future[None] | None = None

    @classmethod
    async def register(cls, system: System, background: Background, name: str, since: int) -> Self:
        """Make a person whom Taskify knows everywhere, with an open window.

        Taskify's processes hear of a new person by an event. So that no event of a test comes before it, this waits
        until the person was told of one that the test kit sends.

        Raises:
            NotStartedError: Taskify does not tell the person anything.
            RequestRefusedError: nobody may register.
        """
        account, api = await system.register(name)
        member = cls(system, background, account, api, since)
        try:
            async with asyncio.timeout(_KNOWN_SECONDS):
                await member.open()
                while True:
                    await system.send_marker([member.id], "known")
                    if await member._window.take(_is_marker, _MARKER_SECONDS) is not None:
                        return member
        except TimeoutError:
            state = member.window_state
            await member.leave()
            waiting, workers = await system.request_queue()
            raise NotStartedError(
                f"Taskify runs, and tells a new person nothing within {_KNOWN_SECONDS:g} s: {waiting} requests wait, "
                f"{workers} workers take them; the window: {state}"
            ) from None
        except BaseException:
            await member.leave()
            raise

    async def open(self) -> None:
        """Open the window, again if it is open.

        Raises:
            NotStartedError: the gateway does not let it in.
        """
        if self._reading is not None:
            await self.leave()
        try:
            await self._window.open()
        except NotStartedError as error:
            ended = await asyncio.to_thread(self._system.addresses.ended)
            raise NotStartedError(str(error).removesuffix(ended) + ended) from error
        self._reading = self._background.start(self._window.read())

    async def leave(self) -> None:
        """Close the window."""
        await self._window.close()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    @property
    def window_state(self) -> str:
        return self._window.state

    def untaken(self) -> list[Notification]:
        """Give what came and was not taken, but for the test kit's own."""
        return [each for each in self._window.arrived if each.kind != MARKER_KIND]

    async def has_marker(self, text: str, seconds: float) -> bool:
        """Wait for a notification of the test kit's own."""
        return await self._window.take(lambda each: _is_marker(each) and each.message == text, seconds) is not None

    async def listed(self) -> list[Notification]:
        """Give the newest of the person's notifications, as the API lists them, newest first."""
        answer = await self.api.ask("GET", "/api/notifications/history", query={"limit": 100})
        listed = map(Notification.of, answer["items"])
        return [each for each in listed if each.kind != MARKER_KIND]

    async def next(self, kind: str | None, within: float) -> Notification | str:
        """Take the next notification; give the text of a failure if none came."""

        def wanted(each: Notification) -> bool:
            return each.kind != MARKER_KIND and kind in (None, each.kind)

        return await self._window.take(wanted, within) or await self._failure(kind, within)

    async def _failure(self, kind: str | None, within: float) -> str:
        what = "a notification" if kind is None else f"a notification of kind {kind!r}"
        untaken = self.untaken()
        more = f"; and {len(untaken) - SHOWN} more" if len(untaken) > SHOWN else ""
        came = "; ".join(map(str, untaken[:SHOWN])) + more or "nothing"
        window = "" if self._window.state == "open" else f"\nwindow    not open: {self._window.state}"
        try:
            where = await self._where_it_stopped(kind)
        except TaskifyTestkitError as error:
            where = f"stopped   nobody can say where: {error}"
        return (
            f"{self.name} was not told within {within:g} s\n"
            f"expected  {what} for {self.name} ({self.id})\n"
            f"came      {came}{window}\n"
            f"{where}"
        )

    async def _where_it_stopped(self, kind: str | None) -> str:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _JUDGED_SECONDS
        while True:
            seen = where_it_stopped(await self._circumstances(kind))
            if not is_undecided(seen) or loop.time() > deadline:
                return seen
            await asyncio.sleep(_POLL_SECONDS)

    async def _circumstances(self, kind: str | None) -> Circumstances:
        await self._system.catch_up()
        heard = self._system.observer.since(0)
        waiting, workers = await self._system.request_queue()
        return Circumstances(
            contract=self._system.contract,
            person_id=self.id,
            person_name=self.name,
            kind=kind,
            heard=[each for each in heard if each.number >= self._since],
            earlier=[each for each in heard if each.number < self._since],
            known=await self.api.people(),
            frequencies=await self.api.frequencies(),
            inbox=await self.listed(),
            taken=self._window.taken,
            window=self._window.state,
            judged=await self._judged() if kind in own_kinds() else (),
            waiting=waiting,
            workers=workers,
        )

    async def _judged(self) -> list[Json]:
        """Ask for what became of the events of all tasks that were heard of since the test began, the oldest first."""
        tasks = self._system.observer.tasks_since(self._since)
        return [judged for task_id in tasks for judged in reversed(await self.api.why_not(task_id))]


def _is_marker(notification: Notification) -> bool:
    return notification.kind == MARKER_KIND
