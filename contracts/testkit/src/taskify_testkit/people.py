"""People of Taskify who exist for one test, each with an open window."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Self

import httpx

from taskify_testkit.api import Api
from taskify_testkit.background import Background
from taskify_testkit.errors import NotStartedError, TaskifyTestkitError, UnexpectedError
from taskify_testkit.facts import MARKER_KIND, Json
from taskify_testkit.notification import Notification
from taskify_testkit.stopped import Circumstances, own_kinds, where_it_stopped
from taskify_testkit.system import System
from taskify_testkit.window import Window

TOLD_SECONDS = 5.0

_KNOWN_SECONDS = 30.0
_MARKER_SECONDS = 1.0


class Person:
    """Somebody with an account and an open window; `id` is what a recipient of an event is named by."""

    def __init__(self, system: System, background: Background, account: Json, api: Api, since: int) -> None:
        self.id: str = account["id"]
        self.name: str = account["name"]
        self._system = system
        self._background = background
        self._api = api
        self._since = since
        self._window = Window(system.addresses.socket, api.token, api.sync)
        self._reading: Future[None] | None = None

    def __repr__(self) -> str:
        return f"<{self.name} {self.id}>"

    @classmethod
    async def register(cls, system: System, background: Background, name: str, since: int) -> Self:
        """Make a person whom Taskify knows everywhere, with an open window; runs in the background.

        Taskify's processes hear of a new person by an event. So that no event of a test comes before it, this waits
        until the person was told of one that the test kit sends.

        Raises:
            NotStartedError: Taskify does not tell the person anything.
            RequestRefusedError: nobody may register.
        """
        account, api = await system.api.register(name)
        person = cls(system, background, account, api, since)
        await person._open()
        for _ in range(int(_KNOWN_SECONDS / _MARKER_SECONDS)):
            await system.send_marker([person.id], "known")
            if await person._window.take(_is_marker, _MARKER_SECONDS) is not None:
                return person
        waiting, workers = await system.request_queue()
        raise NotStartedError(
            f"Taskify runs, and tells a new person nothing within {_KNOWN_SECONDS:g} s: {waiting} requests wait, "
            f"{workers} workers take them; the window: {person._window.state}"
        )

    async def next_notification(self, *, kind: str | None = None, within: float = TOLD_SECONDS) -> Notification:
        """Take the next notification that comes to this person's window, or came and was not taken yet.

        With `kind`, the next of this kind: others stay. `within` is in seconds.

        Raises:
            UnexpectedError: none came; the text says what was sent, what came, and where it stopped.
        """
        __tracebackhide__ = True
        taken = await self._background.call(self._next(kind, within))
        if isinstance(taken, str):
            raise UnexpectedError(taken)
        return taken

    async def notifications(self) -> list[Notification]:
        """Give the newest of the person's notifications, as the API lists them, newest first."""
        return await self._background.call(self._listed())

    async def create_task(self, title: str, *, assignee: "Person | None" = None, **fields: str) -> Json:
        """Create a task as this person; `fields` are the API's."""
        assigned = {} if assignee is None else {"assignee_id": assignee.id}
        return await self._ask("POST", "/api/tasks", {"title": title, **assigned, **fields})

    async def change_task(self, task_id: str, **fields: str | None) -> Json:
        """Change `title`, `description`, `status` or `assignee_id` of a task."""
        return await self._ask("PATCH", f"/api/tasks/{task_id}", dict(fields))

    async def comment(self, task_id: str, body: str) -> Json:
        """Comment on a task."""
        return await self._ask("POST", f"/api/tasks/{task_id}/comments", {"body": body})

    async def prefer(self, **frequencies: str) -> None:
        """Say for each kind when to be told: `instant`, `hourly`, `daily` or `off`; what is not named is instant."""
        content: Json = {"timezone": "UTC", "daily_at": "09:00", "types": frequencies}
        await self._ask("PUT", "/api/notifications/preferences", content)

    async def call(
        self, method: str, path: str, *, json: object = None, query: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """Send any request to Taskify's APIs as this person, and give its answer whatever it is."""
        return await self._background.call(self._api.call(method, path, json=json, query=query))

    async def close_window(self) -> None:
        """Close the person's window: what comes now is in the inbox only."""
        await self._background.call(self.leave())

    async def open_window(self) -> None:
        """Open the window again; it shows what was missed."""
        await self._background.call(self._open())

    async def leave(self) -> None:
        """Close the window; runs in the background."""
        await self._window.close()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def untaken(self) -> list[Notification]:
        """Give what came and was not taken, but for the test kit's own."""
        return [each for each in self._window.arrived if each.kind != MARKER_KIND]

    async def has_marker(self, text: str, seconds: float) -> bool:
        """Wait for a notification of the test kit's own; runs in the background."""
        return await self._window.take(lambda each: _is_marker(each) and each.message == text, seconds) is not None

    @property
    def window_state(self) -> str:
        return self._window.state

    async def _open(self) -> None:
        if self._reading is not None:
            await self.leave()
        await self._window.open()
        self._reading = self._background.start(self._window.read())

    async def _ask(self, method: str, path: str, content: Json) -> Json:
        answer: Json = await self._background.call(self._api.ask(method, path, json=content))
        return answer

    async def _listed(self) -> list[Notification]:
        answer = await self._api.ask("GET", "/api/notifications/history", query={"limit": 100})
        listed = map(Notification.of, answer["items"])
        return [each for each in listed if each.kind != MARKER_KIND]

    async def _next(self, kind: str | None, within: float) -> Notification | str:
        def wanted(each: Notification) -> bool:
            return each.kind != MARKER_KIND and kind in (None, each.kind)

        return await self._window.take(wanted, within) or await self._failure(kind, within)

    async def _failure(self, kind: str | None, within: float) -> str:
        what = "a notification" if kind is None else f"a notification of kind {kind!r}"
        came = "; ".join(map(str, self.untaken())) or "nothing"
        window = "" if self._window.state == "open" else f"\nwindow    not open: {self._window.state}"
        try:
            where = where_it_stopped(await self._circumstances(kind))
        except TaskifyTestkitError as error:
            where = f"stopped   nobody can say where: {error}"
        return (
            f"{self.name} was not told within {within:g} s\n"
            f"expected  {what} for {self.name} ({self.id})\n"
            f"came      {came}{window}\n"
            f"{where}"
        )

    async def _circumstances(self, kind: str | None) -> Circumstances:
        heard = self._system.observer.since(0)
        waiting, workers = await self._system.request_queue()
        return Circumstances(
            contract=self._system.contract,
            person_id=self.id,
            person_name=self.name,
            kind=kind,
            heard=[each for each in heard if each.number >= self._since],
            earlier=[each for each in heard if each.number < self._since],
            known=await self._api.people(),
            frequency="instant" if kind is None else await self._api.frequency_of(kind),
            inbox=await self._listed(),
            window=self._window.state,
            judged=await self._judged() if kind in own_kinds() else (),
            waiting=waiting,
            workers=workers,
        )

    async def _judged(self) -> list[Json]:
        """Ask for what became of the events of all tasks that were heard of since the test began, the oldest first."""
        tasks = self._system.observer.tasks_since(self._since)
        return [judged for task_id in tasks for judged in reversed(await self._api.why_not(task_id))]


def _is_marker(notification: Notification) -> bool:
    return notification.kind == MARKER_KIND
