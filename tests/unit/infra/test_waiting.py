import asyncio

from infra.waiting import any_set


async def test_waiting_ends_with_the_first_event() -> None:
    never, soon = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().call_soon(soon.set)

    assert await any_set(never, soon)


async def test_waiting_ends_at_its_bound_and_says_that_nothing_was_set() -> None:
    assert not await any_set(asyncio.Event(), seconds=0.01)


async def test_an_event_that_is_set_already_is_not_waited_for() -> None:
    done = asyncio.Event()
    done.set()

    assert await any_set(asyncio.Event(), done, seconds=0)
