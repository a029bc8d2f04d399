"""What can be broken, by name. A fault is drawn from the seed, breaks something, and returns when it is whole again."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.journal import Journal
from tests.faults.system import System
from tests.faults.windows import Window


class NotInjectedError(Exception):
    """The moment for a fault did not come, so nothing was broken."""


@dataclass
class World:
    """What faults can reach; `complaints` are what the product did wrong while it was being broken."""

    system: System
    windows: list[Window]
    journal: Journal
    complaints: list[str] = field(default_factory=list)


Run = Callable[[World, random.Random], Awaitable[str]]
"""Breaks something, waits until it is whole again, and says what it was. All that is random comes from the argument."""

KINDS: dict[str, Run] = {}


def fault(name: str) -> Callable[[Run], Run]:
    """Register a kind of fault."""

    def register(run: Run) -> Run:
        KINDS[name] = run
        return run

    return register
