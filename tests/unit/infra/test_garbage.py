"""The garbage collector under the policy, and after it."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from infra.garbage import GarbagePolicy
from tests.support.gateway import until


@pytest.fixture(autouse=True)
def _as_in_a_new_process() -> Iterator[None]:
    """Gateways that overlapped in this process leave the thresholds of one of them."""
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)


class _Circle:
    def __init__(self) -> None:
        self.itself = self


async def _until_in_force() -> None:
    async def is_in_force() -> bool:
        return gc.get_freeze_count() > 0

    await until(is_in_force, "the policy to be in force")


async def test_a_circle_of_objects_that_has_grown_old_is_freed_by_the_next_full_collection() -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(GarbagePolicy(full_collection_seconds=0.01).run(stop))
        await _until_in_force()
        circle = _Circle()
        gone = weakref.ref(circle)
        gc.collect()
        del circle

        async def is_gone() -> bool:
            return gone() is None

        await until(is_gone, "the circle to be freed")
        stop.set()


async def test_a_process_has_its_own_thresholds_back_after_the_stop() -> None:
    before, stop = gc.get_threshold(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(GarbagePolicy().run(stop))
        await _until_in_force()
        during = gc.get_threshold()
        stop.set()

    assert during[2] > before[2] * 1000
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
