"""A window of the test kit against a gateway that says what a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from taskify_testkit.errors import NotStartedError
from taskify_testkit.notification import Notification
from taskify_testkit.window import Window

SECONDS = 60.0

Json = dict[str, Any]
Script = Callable[[ServerConnection], Awaitable[None]]


def row(seq: int, message: str, *, read: bool = False) -> Json:
    return {
        "id": str(seq),
        "seq": seq,
        "type": "invoice_overdue",
        "message": message,
        "link": None,
        "task_id": None,
        "actor": None,
        "reasons": ["requested"],
        "count": 1,
        "read_at": "2030-01-01T12:00:00Z" if read else None,
    }


def notification(seq: int, message: str) -> str:
    return json.dumps({"type": "NOTIFICATION", "payload": row(seq, message)})


def syncs(*answers: tuple[int, list[Json]]) -> Callable[[int | None], Awaitable[Json]]:
    """Answer each call by the next of some heads of the inbox and rows."""
    rest = iter(answers)

    async def sync(_: int | None) -> Json:
        head, items = next(rest)
        return {"latest_seq": head, "items": items}

    return sync


@asynccontextmanager
async def gateway(script: Script, *, heartbeat_s: float = 25.0) -> AsyncIterator[str]:
    async def serve_one(socket: ServerConnection) -> None:
        assert json.loads(await socket.recv())["payload"] == {"token": "token"}
        await socket.send(json.dumps({"type": "READY", "payload": {"heartbeat_s": heartbeat_s}}))
        await script(socket)

    async with serve(serve_one, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ws"


@asynccontextmanager
async def opened(address: str, *answers: tuple[int, list[Json]]) -> AsyncIterator[Window]:
    window = Window(address, "token", syncs(*answers))
    await window.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(window.read())
        yield window
        await window.close()


async def messages(window: Window, count: int) -> list[str]:
    found = [await window.take(lambda _: True, SECONDS) for _ in range(count)]
    return [each.message for each in found if each is not None]


async def until_it_closes(socket: ServerConnection) -> None:
    await socket.wait_closed()


async def test_frames_come_in_their_order_and_known_ones_are_dropped() -> None:
    async def script(socket: ServerConnection) -> None:
        for seq, message in ((4, "known"), (5, "first"), (5, "again"), (6, "second")):
            await socket.send(notification(seq, message))
        await until_it_closes(socket)

    async with gateway(script) as address, opened(address, (4, [row(4, "old")])) as window:
        assert await messages(window, 2) == ["first", "second"]
        assert window.arrived == []


async def test_what_is_missing_is_asked_for_when_a_frame_shows_a_gap() -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send(notification(3, "third"))
        await until_it_closes(socket)

    missed = [row(3, "third"), row(2, "second"), row(1, "read already", read=True)]
    async with gateway(script) as address, opened(address, (0, []), (3, missed)) as window:
        assert await messages(window, 2) == ["second", "third"]


async def test_what_may_be_missing_is_asked_for_when_the_gateway_says_so() -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "RESYNC", "payload": {}}))
        await until_it_closes(socket)

    async with gateway(script) as address, opened(address, (0, []), (1, [row(1, "first")])) as window:
        assert await messages(window, 1) == ["first"]


async def test_a_window_says_how_the_gateway_closed_it() -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.close(4401, "the session has ended")

    async with gateway(script) as address:
        window = Window(address, "token", syncs((0, [])))
        await window.open()
        async with asyncio.timeout(SECONDS):
            await window.read()

    assert window.state == "the gateway closed it (4401 the session has ended)"


async def test_a_window_that_nobody_speaks_to_sends_its_heartbeat() -> None:
    heard: list[Json] = []

    async def script(socket: ServerConnection) -> None:
        heard.append(json.loads(await socket.recv()))
        await socket.send(notification(8, "after the heartbeat"))
        await until_it_closes(socket)

    async with gateway(script, heartbeat_s=0.01) as address, opened(address, (7, [])) as window:
        assert await messages(window, 1) == ["after the heartbeat"]
    assert heard == [{"type": "PING", "payload": {"seq": 7}}]


async def test_what_does_not_come_in_time_is_nothing() -> None:
    async with gateway(until_it_closes) as address, opened(address, (0, [])) as window:
        assert await window.take(lambda _: True, 0.01) is None


async def test_what_is_not_wanted_stays_for_later() -> None:
    def second(each: Notification) -> bool:
        return each.message == "second"

    async def script(socket: ServerConnection) -> None:
        await socket.send(notification(1, "first"))
        await socket.send(notification(2, "second"))
        await until_it_closes(socket)

    async with gateway(script) as address, opened(address, (0, [])) as window:
        assert await window.take(second, SECONDS) is not None
        assert [each.message for each in window.arrived] == ["first"]


async def test_a_window_that_opens_again_wakes_who_waits() -> None:
    async with gateway(until_it_closes) as address:
        window = Window(address, "token", syncs((0, []), (1, [row(1, "missed")])))
        await window.open()
        await window.close()
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            waiting = group.create_task(window.take(lambda _: True, 2 * SECONDS))
            await asyncio.sleep(0)
            await window.open()
        await window.close()

    found = waiting.result()
    assert found is not None
    assert (found.message, window.taken) == ("missed", {"1"})


async def test_what_has_come_when_the_time_is_over_is_taken() -> None:
    window = Window("ws://127.0.0.1:1/ws", "token", syncs())
    window.arrived.append(Notification.of(row(1, "first")))

    assert await window.take(lambda _: True, 0) is not None


async def test_a_window_that_is_given_up_midway_holds_no_socket() -> None:
    midway, closed = asyncio.Event(), asyncio.Event()

    async def script(socket: ServerConnection) -> None:
        await socket.wait_closed()
        closed.set()

    async def never(_: int | None) -> Json:
        midway.set()
        await asyncio.Event().wait()
        return {}

    async with gateway(script) as address, asyncio.timeout(SECONDS):
        async with asyncio.TaskGroup() as group:
            opening = group.create_task(Window(address, "token", never).open())
            await midway.wait()
            opening.cancel()
        await closed.wait()


async def test_a_frame_that_is_none_is_told_by_the_window() -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send("{}")
        await until_it_closes(socket)

    async with gateway(script) as address:
        window = Window(address, "token", syncs((0, [])))
        await window.open()
        async with asyncio.timeout(SECONDS):
            await window.read()
        state = window.state
        await window.close()

    assert state == "it does not understand the gateway: KeyError('payload')"


async def test_a_gateway_that_is_not_there_opens_no_window() -> None:
    with pytest.raises(NotStartedError, match="opens no window"):
        await Window("ws://127.0.0.1:1/ws", "token", syncs()).open()
