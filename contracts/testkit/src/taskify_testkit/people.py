"""People of Taskify who exist for one test, each with an open window."""

from collections.abc import Mapping
from typing import Any

import httpx

from taskify_testkit.background import Background
from taskify_testkit.errors import UnexpectedError
from taskify_testkit.facts import Json
from taskify_testkit.member import Member
from taskify_testkit.notification import Notification

TOLD_SECONDS = 30.0
"""Only a failure takes so long: a slow machine is no mistake of the service's."""


class Person:
    """Somebody with an account and an open window; `id` is what a recipient of an event is named by."""

    def __init__(self, member: Member, background: Background) -> None:
        self.id = member.id
        self.name = member.name
        self._member = member
        self._background = background

    def __repr__(self) -> str:
        return f"<{self.name} {self.id}>"

    async def next_notification(self, *, kind: str | None = None, within: float = TOLD_SECONDS) -> Notification:
        """Take the next notification that comes to this person's window, or came and was not taken yet.

        With `kind`, the next of this kind: others stay. `within` is in seconds.

        Raises:
            UnexpectedError: none came; the text says what was sent, what came, and where it stopped.
        """
        __tracebackhide__ = True
        taken = await self._background.call(self._member.next(kind, within))
        if isinstance(taken, str):
            raise UnexpectedError(taken)
        return taken

    async def notifications(self) -> list[Notification]:
        """Give the newest of the person's notifications, as the API lists them, newest first."""
        return await self._background.call(self._member.listed())

    async def create_task(self, title: str, *, assignee: "Person | None" = None, **fields: str | None) -> Json:
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
        """Say for kinds when to be told: `instant`, `hourly`, `daily` or `off`; what was said of others stays."""
        await self._background.call(self._member.api.prefer(frequencies))

    async def call(
        self, method: str, path: str, *, json: object = None, query: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """Send any request to Taskify's APIs as this person, and give its answer whatever it is."""
        return await self._background.call(self._member.api.call(method, path, json=json, query=query))

    async def close_window(self) -> None:
        """Close the person's window: what comes now is in the inbox only."""
        await self._background.call(self._member.leave())

    async def open_window(self) -> None:
        """Open the window again; it shows what was missed."""
        await self._background.call(self._member.open())

    async def _ask(self, method: str, path: str, content: Json) -> Json:
        answer: Json = await self._background.call(self._member.api.ask(method, path, json=content))
        return answer
