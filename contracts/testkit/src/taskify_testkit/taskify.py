"""What one test sees of Taskify."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

from taskify_testkit.addresses import Addresses
from taskify_testkit.agreed import not_as_agreed
from taskify_testkit.background import Background
from taskify_testkit.errors import TaskifyTestkitError, UnexpectedError
from taskify_testkit.member import Member
from taskify_testkit.people import Person
from taskify_testkit.streams import EventStream
from taskify_testkit.system import System

T = TypeVar("T")

PEOPLE = 100
"""How many people a test may have: each has an open window."""

_NAMES = ("Ann", "John", "Maria", "Kofi", "Yuki", "Omar", "Ines", "Raj")
_MARKER_SECONDS = 30.0
_LOG_LINES = 200


class Taskify:
    """A running Taskify, to a test of one service; everything is new to each test but the processes.

    Used in a `with` block, whose end closes all windows.
    """

    def __init__(self, system: System, background: Background) -> None:
        self._system = system
        self._background = background
        self._since = system.observer.now
        self._members: list[Member] = []
        self._asked_for = 0
        self._named = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._background.wait(_leave(self._members))

    @property
    def service(self) -> str:
        """The service's name, which is its broker user's."""
        return self._system.contract.service

    @property
    def amqp_url(self) -> str:
        """The broker's address for the service's user, who has the rights that it has in production."""
        return self._system.amqp_url

    @property
    def addresses(self) -> Addresses:
        """Where Taskify's APIs, its socket and its broker are."""
        return self._system.addresses

    async def person(self, name: str | None = None) -> Person:
        """Make a new person with an open window, known to all of Taskify; without a name Ann, John and so on."""
        (person,) = await self.people(1, name)
        return person

    async def people(self, count: int, name: str | None = None) -> list[Person]:
        """Make several people at once.

        Raises:
            TaskifyTestkitError: a test has too many.
        """
        if count < 0:
            raise TaskifyTestkitError(f"{count} people cannot be made")
        if self._asked_for + count > PEOPLE:
            raise TaskifyTestkitError(f"a test may have {PEOPLE} people")
        # Taken before anything is awaited: others may be asked for meanwhile.
        self._asked_for += count
        names = [name or _NAMES[number % len(_NAMES)] for number in range(self._named, self._named + count)]
        self._named += count
        try:
            members = await self._background.call(self._register(names))
        except BaseException:
            self._asked_for -= count
            raise
        return [Person(member, self._background) for member in members]

    def assert_valid(self, event: Mapping[str, Any] | bytes | str) -> None:
        """Assert that Taskify would take an event of this service; see `Contract.assert_valid`."""
        __tracebackhide__ = True
        self._system.contract.assert_valid(event)

    def assert_valid_envelope(self, event: Mapping[str, Any] | bytes | str) -> None:
        """Assert that an event of the service's own is a CloudEvent of it; see `Contract.assert_valid_envelope`."""
        __tracebackhide__ = True
        self._system.contract.assert_valid_envelope(event)

    async def assert_sent_as_agreed(self) -> None:
        """Assert that what the service has sent since the test began is as agreed, with its messages' properties.

        It holds for what was sent, with its confirm, before this is called, and would have people told.

        Raises:
            UnexpectedError: something is not, or nothing was sent.
        """
        __tracebackhide__ = True
        await self._background.call(self._system.catch_up())
        wrong = not_as_agreed(self._system.contract, self._system.observer.since(self._since))
        if wrong:
            raise UnexpectedError("not sent as agreed" + "".join(f"\n{line}" for line in wrong))

    def events(self, *words: str) -> EventStream:
        """Listen to Taskify's own events inside an `async with`, such as `task.assigned`; without words, to all."""
        return EventStream(self._system, self._background, words)

    async def nobody_else_told(self, *, but: Iterable[Person] = (), within: float = _MARKER_SECONDS) -> None:
        """Assert that people of this test have no notification that was not taken by `next_notification`.

        It holds for all that the service had sent, with its confirm, before this was called. It does not wait for time
        to pass: another event is sent behind those, and each person is asked when that has come. People named by `but`
        are not asked.

        Raises:
            UnexpectedError: somebody was told.
            TaskifyTestkitError: not just one worker takes the requests; or the other event did not come.
        """
        __tracebackhide__ = True
        left_out = {person.id for person in but}
        asked = [member for member in self._members if member.id not in left_out]
        if not asked:
            raise TaskifyTestkitError("nobody is asked: make a person with `await taskify.person()` first")
        surplus = await self._background.call(self._surplus(asked, within))
        if surplus:
            raise UnexpectedError("more people were told, or more often, than the test has taken" + "".join(surplus))

    async def log(self, lines: int = _LOG_LINES) -> str:
        """Give the end of the log of Taskify's container, and while it runs those of its processes.

        Raises:
            TaskifyTestkitError: somebody else has started this Taskify, and has its log.
        """
        taskify = next((part for part in self.addresses.parts if part.name == "Taskify"), None)
        if taskify is None:
            raise TaskifyTestkitError(
                "this Taskify runs in no container of the test kit: its log is where it was started"
            )
        return await self._background.call(asyncio.to_thread(taskify.log, lines))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do asynchronous work in a test that is not asynchronous."""
        return self._background.wait(work)

    async def _register(self, names: list[str]) -> list[Member]:
        tasks: list[asyncio.Task[Member]] = []
        try:
            async with asyncio.TaskGroup() as group:
                tasks += [
                    group.create_task(Member.register(self._system, self._background, name, self._since))
                    for name in names
                ]
        except BaseException as error:
            # Those who were made have an open window; the others were given up.
            await _leave([task.result() for task in tasks if not task.cancelled() and task.exception() is None])
            if isinstance(error, ExceptionGroup):
                raise error.exceptions[0] from None
            raise
        made = [task.result() for task in tasks]
        self._members += made
        return made

    async def _surplus(self, asked: list[Member], within: float) -> list[str]:
        _, workers = await self._system.request_queue()
        if workers > 1:
            raise TaskifyTestkitError(
                f"{workers} workers share the requests, and keep no order among each other: that nobody else was told "
                "can be said of a Taskify with one worker only, as the test kit starts it"
            )
        closed = [f"{member.name} ({member.window_state})" for member in asked if member.window_state != "open"]
        if closed:
            raise TaskifyTestkitError(f"who has no open window cannot be asked: {', '.join(closed)}")
        text = str(uuid4())
        await self._system.send_marker([member.id for member in asked], text)
        for member in asked:
            if not await member.has_marker(text, within):
                _, workers = await self._system.request_queue()
                raise TaskifyTestkitError(
                    f"the event behind the others did not reach {member.name} in {within:g} s: "
                    f"{workers} workers take the requests, the window: {member.window_state}"
                )
        return [f"\n{member.name} ({member.id}): {each}" for member in asked for each in member.untaken()]


async def _leave(members: Iterable[Member]) -> None:
    await asyncio.gather(*(member.leave() for member in members))
