"""A process of the product with one thing changed: `python -m tests.faults.tampered NAME NUMBER module argument…`.

`crash.…` kills it at a named point of the code, when it comes there for the NUMBER-th time. `sabotage.…` makes it
break a promise, by which the judge is tested. `clock` puts its clock forward by NUMBER seconds.
"""

import asyncio
import os
import runpy
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import wraps
from importlib import import_module
from typing import Any

_OURSELVES = "tests.faults.tampered"
_IN_FLIGHT_SECONDS = 0.001
_SEE_THE_CLOCK = {"contracts", "infra", "jwt", "notification_worker", "task_service", "ws_gateway"}

POINTS: dict[str, tuple[str, str, str]] = {
    "crash.api-before-commit": ("task-api", "task_service.commands.unit_of_work:Work.record", "after"),
    "crash.api-after-commit": ("task-api", "infra.outbox.wake_up:WakeUp.notify", "before"),
    "crash.mark-before-commit": ("notification-api", "notification_worker.commands.mark:_finish", "after"),
    "crash.mark-after-commit": ("notification-api", "infra.outbox.wake_up:WakeUp.notify", "before"),
    "crash.relay-before-confirm": ("task-relay", "infra.broker.publisher:Publisher.publish", "during"),
    "crash.relay-before-delete": ("task-relay", "infra.outbox.store:OutboxStore.delete", "before"),
    "crash.relay-after-delete": ("task-relay", "infra.outbox.store:OutboxStore.delete", "after"),
    "crash.deliveries-before-confirm": ("notification-relay", "infra.broker.publisher:Publisher.publish", "during"),
    "crash.deliveries-before-delete": ("notification-relay", "infra.outbox.store:OutboxStore.delete", "before"),
    "crash.deliveries-after-delete": ("notification-relay", "infra.outbox.store:OutboxStore.delete", "after"),
    "crash.worker-before-commit": ("worker", "notification_worker.commands.inbox_log:write_heads", "after"),
    "crash.worker-after-commit": ("worker", "infra.outbox.wake_up:WakeUp.notify", "before"),
    "crash.worker-between-acks": ("worker", "infra.consuming.received:Received.acknowledge", "before"),
    "crash.worker-after-dead-letter": (
        "worker",
        "infra.consuming.dead_letters:DeadLetters.take",
        "after",
    ),
    "crash.digest-before-commit": ("worker", "notification_worker.commands.send_digests:_write", "after"),
    "crash.gateway-between-frames": ("gateway", "ws_gateway.hub.directory:Directory.publish", "before"),
}
"""By name: the kind of process, the function, and whether it dies before, after, or during it."""

Function = Callable[..., Any]


def _replace(place: str, make: Callable[[Function], Function]) -> None:
    """Put another function in the place of one, named `module:Class.method` or `module:function`.

    Whoever has imported the function already gets the new one too.
    """
    module_name, _, path = place.partition(":")
    module = import_module(module_name)
    *outer, name = path.split(".")
    holder = getattr(module, outer[0]) if outer else module
    original = getattr(holder, name)
    new = make(original)
    setattr(holder, name, new)
    for other in tuple(sys.modules.values()):
        if not outer and getattr(other, name, None) is original:
            setattr(other, name, new)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _crashing(when: str, number: int) -> Callable[[Function], Function]:
    calls = 0

    def make(original: Function) -> Function:
        def arrive() -> bool:
            nonlocal calls
            calls += 1
            return calls == number

        @wraps(original)
        async def awaited(*values: Any, **named: Any) -> Any:
            here = arrive()
            if here and when == "before":
                _die()
            if here and when == "during":
                asyncio.get_running_loop().call_later(_IN_FLIGHT_SECONDS, _die)
            result = await original(*values, **named)
            if here and when == "after":
                _die()
            return result

        @wraps(original)
        def called(*values: Any, **named: Any) -> Any:
            if arrive():
                _die()
            return original(*values, **named)

        return awaited if asyncio.iscoroutinefunction(original) else called

    return make


def _deletes_first() -> None:
    """The relay deletes rows as it takes them, before the broker has confirmed anything."""
    store = "infra.outbox.store:OutboxStore"
    delete: list[Function] = []

    def take(original: Function) -> Function:
        async def due(self: Any, limit: int) -> Any:
            rows = await original(self, limit)
            if rows:
                await delete[0](self, [row.id for row in rows])
            return rows

        return due

    def keep(original: Function) -> Function:
        delete.append(original)

        async def nothing(_: Any, __: Any) -> None: ...

        return nothing

    _replace(f"{store}.delete", keep)
    _replace(f"{store}.due_per_key", take)
    _replace(f"{store}.due_in_strict_order", take)


def _acknowledges_first() -> None:
    """The worker acknowledges a message when it comes, before anything is committed."""

    def make(original: Function) -> Function:
        async def take(self: Any, received: Any) -> None:
            received.acknowledge()
            await original(self, received)

        return take

    def once(original: Function) -> Function:
        def acknowledge(self: Any) -> None:
            if self.delivered.delivery_tag in self.hold._open:
                original(self)

        return acknowledge

    _replace("infra.consuming.received:Received.acknowledge", once)
    _replace("notification_worker.consumers.intake:Intake.take", make)


def _skips(every: int) -> Callable[[], None]:
    """Leave out every so many calls of what hands a frame to a person's windows."""

    def tamper() -> None:
        calls = 0

        def make(original: Function) -> Function:
            def publish(self: Any, user_id: str, seq: int, frame: str) -> int:
                nonlocal calls
                calls += 1
                return 0 if calls % every == 0 else int(original(self, user_id, seq, frame))

            return publish

        _replace("ws_gateway.hub.directory:Directory.publish", make)

    return tamper


def _miscounts(every: int) -> Callable[[], None]:
    """Count one unread too many, once in a while."""

    def tamper() -> None:
        calls = 0

        def make(original: Function) -> Function:
            def move_on(self: Any, unread: int = 0) -> int:
                nonlocal calls
                calls += 1
                return int(original(self, unread + (calls % every == 0)))

            return move_on

        _replace("notification_worker.commands.inbox_log:Head.move_on", make)

    return tamper


def _applies_twice() -> None:
    """The worker forgets what it has applied."""

    def make(_: Function) -> Function:
        async def claim(connection: Any, events: Any) -> Any:  # noqa: ARG001 (as the original)
            return events

        return claim

    _replace("notification_worker.commands.event_claims:claim", make)


def _loses_a_member() -> None:
    """The worker takes the first member out of each digest of several, and counts the others rightly."""

    def make(original: Function) -> Function:
        async def write(connection: Any, row: dict[str, Any], members: Any, unread_count: int) -> Any:
            if len(members) > 1:
                drop = import_module("notification_worker.commands.send_digests")._DROP
                await connection.execute(drop, {"ids": [members[0].id]})
                members = members[1:]
            return await original(connection, {**row, "count": len(members)}, members, unread_count)

        return write

    _replace("notification_worker.commands.send_digests:_write", make)


def _step_the_clock(seconds: int) -> None:
    """Let the product and its token library see another time of day; time that passes is measured as before."""
    step = timedelta(seconds=seconds)

    class Stepped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Stepped":
            return cls.fromtimestamp(datetime.now(tz).timestamp() + step.total_seconds(), tz)

    real_time = time.time
    time.time = lambda: real_time() + seconds
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] in _SEE_THE_CLOCK and getattr(module, "datetime", None) is datetime:
            module.datetime = Stepped  # type: ignore[attr-defined]


SABOTAGES: dict[str, tuple[str, Callable[[], None]]] = {
    "sabotage.relay-deletes-first": ("task-relay", _deletes_first),
    "sabotage.worker-acknowledges-first": ("worker", _acknowledges_first),
    "sabotage.worker-forgets": ("worker", _applies_twice),
    "sabotage.digest-loses": ("worker", _loses_a_member),
    "sabotage.gateway-skips": ("gateway", _skips(50)),
    "sabotage.counter-off": ("worker", _miscounts(40)),
}
"""By name: the kind of process, and what is changed in it."""


def command(name: str, number: int, original: tuple[str, ...]) -> tuple[str, ...]:
    """Give the command of a part with this change."""
    return (_OURSELVES, name, str(number), *original)


def main() -> None:
    changes, arguments = [], sys.argv[1:]
    while True:
        name, number, module, *arguments = arguments
        changes.append((name, int(number)))
        if module != _OURSELVES:
            break
    import_module(f"{module}.app")
    for change, value in reversed(changes):
        _change(change, value)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _change(name: str, number: int) -> None:
    if name in POINTS:
        _, place, when = POINTS[name]
        _replace(place, _crashing(when, number))
    elif name == "clock":
        _step_the_clock(number)
    else:
        SABOTAGES[name][1]()


if __name__ == "__main__":
    main()
