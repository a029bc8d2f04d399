"""What one test sees of Taskify."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, TypeVar
from uuid import uuid4

from taskify_testkit.addresses import Addresses
from taskify_testkit.background import Background
from taskify_testkit.errors import TaskifyTestkitError, UnexpectedError
from taskify_testkit.people import Person
from taskify_testkit.streams import EventStream
from taskify_testkit.system import System

T = TypeVar("T")

PEOPLE = 100
"""How many people a test may have: each has an open window."""

_NAMES = ("Ann", "John", "Maria", "Kofi", "Yuki", "Omar", "Ines", "Raj")
_MARKER_SECONDS = 10.0


class Taskify:
    """A running Taskify, to a test of one service; everything is new to each test but the processes."""

    def __init__(self, system: System, background: Background) -> None:
        self._system = system
        self._background = background
        self._since = system.observer.now
        self._people: list[Person] = []

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
        if len(self._people) + count > PEOPLE:
            raise TaskifyTestkitError(f"a test may have {PEOPLE} people")
        first = len(self._people)
        names = [name or _NAMES[(first + number) % len(_NAMES)] for number in range(count)]
        made = await self._background.call(self._register(names))
        self._people += made
        return made

    def assert_valid(self, event: Mapping[str, Any] | bytes | str) -> None:
        """Assert that Taskify would take an event of this service; see `Contract.assert_valid`."""
        __tracebackhide__ = True
        self._system.contract.assert_valid(event)

    def assert_valid_envelope(self, event: Mapping[str, Any] | bytes | str) -> None:
        """Assert that an event of the service's own is a CloudEvent of it; see `Contract.assert_valid_envelope`."""
        __tracebackhide__ = True
        self._system.contract.assert_valid_envelope(event)

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
            TaskifyTestkitError: several workers share the requests, who keep no order; or the other event did not come.
        """
        __tracebackhide__ = True
        left_out = {person.id for person in but}
        asked = [person for person in self._people if person.id not in left_out]
        if not asked:
            raise TaskifyTestkitError("nobody is asked: make a person with `await taskify.person()` first")
        surplus = await self._background.call(self._surplus(asked, within))
        if surplus:
            raise UnexpectedError("more people were told, or more often, than the test has taken" + "".join(surplus))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do asynchronous work in a test that is not asynchronous."""
        return self._background.wait(work)

    async def close(self) -> None:
        """Close all windows; runs in the background."""
        for person in self._people:
            await person.leave()

    async def _register(self, names: list[str]) -> list[Person]:
        register = Person.register
        try:
            async with asyncio.TaskGroup() as group:
                made = [
                    group.create_task(register(self._system, self._background, name, self._since)) for name in names
                ]
        except ExceptionGroup as errors:
            # The others were given up because of it.
            raise errors.exceptions[0] from None
        return [each.result() for each in made]

    async def _surplus(self, asked: list[Person], within: float) -> list[str]:
        _, workers = await self._system.request_queue()
        if workers > 1:
            raise TaskifyTestkitError(
                f"{workers} workers share the requests, and keep no order among each other: that nobody else was told "
                "can be said of a Taskify with one worker only, as the test kit starts it"
            )
        closed = [f"{person.name} ({person.window_state})" for person in asked if person.window_state != "open"]
        if closed:
            raise TaskifyTestkitError(f"who has no open window cannot be asked: {', '.join(closed)}")
        text = str(uuid4())
        await self._system.send_marker([person.id for person in asked], text)
        for person in asked:
            if not await person.has_marker(text, within):
                raise TaskifyTestkitError(f"the event behind the others did not reach {person.name} in {within:g} s")
        return [f"\n{person.name} ({person.id}): {each}" for person in asked for each in person.untaken()]
