"""Which faults come when: drawn from the seed, all chosen kinds equally often."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tests.faults.canary import Canary, NoRecoveryError
from tests.faults.journal import Trouble
from tests.faults.kinds import (
    KINDS,
    NotInjectedError,
    World,
    alarms,
    broker,
    clients,
    clocks,
    clusters,
    crashes,
    database,
    network,
    processes,
)

ALL_KINDS = tuple(sorted(KINDS))
MODULES = (alarms, broker, clients, clocks, clusters, crashes, database, network, processes)
"""They register their kinds when they are imported."""

CLUSTER = "cluster"
LAST_LONG = {"postgres.lock": 30.0, "restart.rolling": 45.0}
"""In seconds; these are not begun where less time is left, so that a run of a minute stays short."""

_HASTE = 0.4
"""What pauses are shortened to when each kind comes only so often: then nobody waits for the time to be over."""

_LEAST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 4.0


@dataclass(frozen=True)
class Injected:
    """`broken_seconds` until the part was whole again, `recovery_seconds` from then until everything flowed."""

    kind: str
    what: str
    broken_seconds: float
    recovery_seconds: float


def is_clustered(kinds: Sequence[str]) -> bool:
    """Say whether these faults need a broker of three nodes."""
    return any(_is(kind, CLUSTER) for kind in kinds)


def groups() -> tuple[str, ...]:
    """Name the groups of kinds: what stands before the dot."""
    return tuple(dict.fromkeys(kind.partition(".")[0] for kind in ALL_KINDS))


def chosen_kinds(wanted: Sequence[str]) -> tuple[str, ...]:
    """Give the kinds of these names, or whose names begin so (`kill`); all that one node can have if there are none.

    Raises:
        ValueError: nothing is called so, or they do not go together.
    """
    for name in wanted:
        if not any(_is(kind, name) for kind in ALL_KINDS):
            raise ValueError(f"no fault is called {name}; there are {', '.join(ALL_KINDS)}")
    if not wanted:
        return tuple(kind for kind in ALL_KINDS if not _is(kind, CLUSTER))
    kinds = tuple(kind for kind in ALL_KINDS if any(_is(kind, name) for name in wanted))
    if is_clustered(kinds) and any(_is(kind, "broker") for kind in kinds):
        raise ValueError("faults of a broker of one node and of three cannot be had in one run")
    return kinds


def _is(kind: str, name: str) -> bool:
    return kind == name or kind.startswith(f"{name}.")


def draw(kinds: Sequence[str], choice: random.Random) -> Iterator[tuple[str, float, int]]:
    """Draw, without end, a kind, the pause before it, and a seed of its own: rounds of all kinds, each shuffled."""
    while True:
        for kind in choice.sample(kinds, len(kinds)):
            yield kind, choice.uniform(_LEAST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS), choice.getrandbits(32)


async def inject(
    world: World, canary: Canary, kinds: Sequence[str], seed: int, *, seconds: float, rounds: int = 0
) -> list[Injected]:
    """Inject one fault after another, for so long or so many rounds, and measure how long each recovery takes."""
    done: list[Injected] = []
    ends = time.monotonic() + seconds
    drawn = draw(kinds, random.Random(seed))  # noqa: S311 (the same faults every time)
    for kind, pause, own_seed in islice(drawn, rounds * len(kinds)) if rounds else drawn:
        await asyncio.sleep(pause * (_HASTE if rounds else 1))
        began, by_day = time.monotonic(), time.time()
        if not rounds and began > ends:
            break
        if not rounds and began + LAST_LONG.get(kind, 0.0) > ends:
            continue
        try:
            what = await KINDS[kind](world, random.Random(own_seed))  # noqa: S311 (see above)
        except NotInjectedError as error:
            say(f"{kind:<26} not injected: {error}")
            world.journal.troubles.append(Trouble(by_day, time.time()))
            if rounds:
                world.complaints.append(f"{kind} was not injected: {error}")
            continue
        except Exception as error:  # noqa: BLE001 (it is red, and the rest of the run still tells something)
            what = f"went wrong: {error!r}"
            world.complaints.append(f"{kind} {what}")
        whole = time.monotonic()
        try:
            await canary.sing()
        except NoRecoveryError as error:
            world.complaints.append(f"{kind}, {what}: {error}")
        world.journal.troubles.append(Trouble(by_day, time.time()))
        done.append(Injected(kind, what, whole - began, time.monotonic() - whole))
        say(f"{kind:<26} {what}; recovered in {done[-1].recovery_seconds:.1f} s")
    return done


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)  # noqa: T201 (a command speaks to its terminal)
