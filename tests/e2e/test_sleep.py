"""A window that stood still while things happened shows exactly the server's state, and says it once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from tests.support.browser import (
    OpenPage,
    launched,
    open_bell,
    read_to_the_end,
    shown_ids,
    shows_unread,
    toasts,
    toasts_stay,
)
from tests.support.people import Person
from tests.support.system import System
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.e2e

ASSIGNMENTS = 101
COMMENTS = 99
SHORTEST_SLEEP_SECONDS = 5


@pytest.fixture
async def own_browser(browser: Browser) -> AsyncIterator[Browser]:
    """A browser of its own: no other test's windows stand still with it."""
    started = await launched(browser.browser_type)
    yield started
    await started.close()


AWAY = "new notifications while you were away"
TOLD = "toastsDrawn.reduce((sum, text) => sum + (parseInt(text) || 1), 0)"
MOST_SUMMARIES = 10


@asynccontextmanager
async def asleep(browser: Browser) -> AsyncIterator[None]:
    """Stop every process of the browser, as a laptop does whose lid is closed."""
    devtools = await browser.new_browser_cdp_session()
    processes = [process["id"] for process in (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    enough = asyncio.get_running_loop().time() + SHORTEST_SLEEP_SECONDS
    try:
        yield
        # On a fast machine 200 things take less time than anybody sleeps.
        await asyncio.sleep(enough - asyncio.get_running_loop().time())
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


async def let_200_things_happen(ann: Person, john: Person) -> int:
    """Make 101 assignments and 99 comments on one task; give the number of rows that John has then."""
    talk = (await ann.create_task("A task that is talked about", assignee_id=john.id))["id"]
    for _ in range(10):
        await asyncio.gather(*(ann.create_task("A task", assignee_id=john.id) for _ in range(10)))
    for number in range(COMMENTS):
        await ann.comment(talk, f"Thought {number}")
    async with john.window() as window:
        everything = 1 + ASSIGNMENTS + COMMENTS
        await window.until(
            lambda seen: sum(item["count"] for item in seen.items.values()) == everything, f"{everything} events"
        )
        return len(window.items)


async def count_toasts(page: Page) -> None:
    """Let the page write down every toast that it ever draws."""
    await page.evaluate(
        """() => {
            globalThis.toastsDrawn = [];
            const region = document.querySelector("section[aria-label=Messages] ol");
            new MutationObserver((changes) => {
                for (const { addedNodes } of changes)
                    for (const toast of addedNodes) globalThis.toastsDrawn.push(toast.innerText);
            }).observe(region, { childList: true });
        }"""
    )


@pytest.mark.parametrize("keeps_network", [False, True], ids=["the network gone", "the socket still there"])
async def test_200_things_that_happened_while_the_laptop_slept_are_shown_and_said_once(
    system: System, own_browser: Browser, ann: Person, john: Person, *, keeps_network: bool
) -> None:
    open_page = OpenPage(system.addresses, own_browser)
    async with TcpProxy.to(system.addresses.socket) as proxy:
        page = await open_page(john, socket=proxy.url, prepare=toasts_stay)
        await ann.create_task("Fix login bug", assignee_id=john.id)
        await shows_unread(page, 1)
        await toasts(page).get_by_role("button", name="Dismiss").click()
        await count_toasts(page)

        async with asleep(own_browser):
            if not keeps_network:
                proxy.cut()
            unread = await let_200_things_happen(ann, john)
            proxy.mend()

        await shows_unread(page, unread)
        await page.wait_for_function(f"{TOLD} >= {unread - 1}")
        await open_bell(page)
        await read_to_the_end(page)
        stored = sorted(await john.unread(), key=lambda item: (item["updated_at"], item["id"]), reverse=True)
        assert await shown_ids(page) == [item["id"] for item in stored]
        drawn = await page.evaluate("toastsDrawn")
        # A machine that is slow enough tells it in parts, of which the last may be one thing.
        assert AWAY in drawn[0]
        assert len(drawn) < MOST_SUMMARIES
        if len(drawn) == 1:
            assert f"{unread - 1} {AWAY}" in drawn[0]
    await open_page.close()
