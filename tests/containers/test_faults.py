"""Windows of one person on several gateways; processes die under them and come back; nothing is lost."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.containers.engine import FRONT, Compose, Container, run
from tests.containers.windows import ReturningWindow, windows_on_all_gateways
from tests.support.people import Person, Window

pytestmark = pytest.mark.timeout(3_600)

CHANGES = 40
RESTART_SECONDS = 300
STOP_SECONDS = 400
SERVERS = ("postgres", "rabbitmq")


async def test_a_change_reaches_a_persons_windows_on_all_gateways(compose: Compose, ann: Person, john: Person) -> None:
    async with windows_on_all_gateways(john, compose) as windows:
        task = await ann.create_task("Fix login bug", assignee_id=john.id)
        for each in windows:
            await each.window.until(shows([task["id"]]), "the task that was assigned")
        await john.mark_read(*windows[0].window.items)
        for each in windows:
            await each.window.until(lambda window: window.unread_count == 0, "that it was read")


async def test_a_killed_gateway_and_a_killed_worker_lose_nothing_and_come_back(
    compose: Compose, ann: Person, john: Person
) -> None:
    gateway, worker = (await compose.containers("gateway"))[0], (await compose.containers("worker"))[0]
    before = {killed.id: await killed.restarts() for killed in (gateway, worker)}

    async with windows_on_all_gateways(john, compose) as windows:
        tasks = [(await ann.create_task(f"Task {number}", assignee_id=john.id))["id"] for number in range(CHANGES)]
        await gateway.kill_process()
        tasks += [(await ann.create_task(f"Task {number}", assignee_id=john.id))["id"] for number in range(CHANGES)]
        await worker.kill_process()
        tasks += [(await ann.create_task(f"Task {number}", assignee_id=john.id))["id"] for number in range(CHANGES)]

        for each in windows:
            await each.window.until(shows(tasks), "all changes, once each")
        assert moved(windows), "no window was on the gateway that was killed"
    assert Counter(row["task_id"] for row in await john.unread()) == Counter(tasks)

    deadline = time.monotonic() + RESTART_SECONDS
    for killed in (gateway, worker):
        while not await came_back(killed, before[killed.id]):
            assert time.monotonic() < deadline, f"{killed.service} was not started again"
    await compose.until_well()


async def test_a_part_that_is_away_is_told_of_in_the_words_of_the_apis(compose: Compose, ann: Person) -> None:
    (api,) = await compose.containers("task-api")
    await run("docker", "stop", api.id)
    try:
        away = await ann.call("GET", "/api/tasks")
        assert away.status_code == 503
        assert away.json()["type"] == "unavailable"
        assert away.headers["Retry-After"] == "2"
        assert (await ann.http.get(f"{FRONT}/")).status_code == 200
        assert (await ann.call("GET", "/api/notifications")).status_code == 200
    finally:
        await run("docker", "start", api.id)
        await compose.until_well()
    assert (await ann.call("GET", "/api/tasks")).status_code == 200


async def test_after_a_restart_of_the_machine_all_parts_find_each_other_in_whatever_order_they_start(
    compose: Compose, ann: Person, john: Person
) -> None:
    everything = await compose.containers()
    servers = [each.id for each in everything if each.service in SERVERS]
    others = [each.id for each in everything if each.id not in servers and await each.restarts_by_itself()]
    await run("docker", "stop", *others, *servers, seconds=STOP_SECONDS)

    # The engine knows nothing of an order, and starts no container that ran once.
    await run("docker", "start", *others)
    await run("docker", "start", *servers)
    await compose.until_well()

    async with john.window() as window:
        task = await ann.create_task("Fix login bug", assignee_id=john.id)
        await window.until(shows([task["id"]]), "the task that was assigned")


async def test_a_gateway_that_is_added_takes_windows(compose: Compose, ann: Person, john: Person) -> None:
    gateways = len(await compose.containers("gateway"))
    await compose.up("--no-recreate", "--no-deps", "--scale", f"gateway={gateways + 1}", "gateway")
    try:
        assert len(await compose.containers("gateway")) == gateways + 1
        async with windows_on_all_gateways(john, compose) as windows:
            task = await ann.create_task("Fix login bug", assignee_id=john.id)
            for each in windows:
                await each.window.until(shows([task["id"]]), "the task that was assigned")
    finally:
        await compose.up("--no-recreate", "--no-deps", "--scale", f"gateway={gateways}", "gateway")


def shows(tasks: list[str]) -> Callable[[Window], bool]:
    """Give the condition that a window shows one notification for each of these tasks, and counts them."""

    def holds(window: Window) -> bool:
        return Counter(row["task_id"] for row in window.unread) == Counter(tasks) and window.unread_count == len(tasks)

    return holds


def moved(windows: list[ReturningWindow]) -> bool:
    return any(each.opened > 1 for each in windows)


async def came_back(container: Container, restarts: int) -> bool:
    return await container.restarts() > restarts and await container.is_well()
