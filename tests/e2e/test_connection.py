"""The page says quietly how it is connected, and holds what the server holds whatever the connection does."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.browser import SHOWN_MS, OpenPage, bell, connection_line, open_bell, shows_unread
from tests.support.people import Person
from tests.support.system import System
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.e2e


async def waits_long(page: Page) -> None:
    """Prepare a page that waits for as long between two tries as it ever does: its lots come out high."""
    await page.add_init_script("Math.random = () => 0.999")


async def says(page: Page, connection: str, words: str) -> None:
    line = page.locator(f"[data-connection={connection}]")
    await expect(line).to_be_visible()
    await expect(line).to_contain_text(words)


async def works_by_polling_until_the_socket_can_be_had(page: Page, ann: Person, john: Person) -> None:
    await says(page, "polling", "Live updates are blocked on this network")
    await ann.create_task("Fix login bug", assignee_id=john.id)
    await shows_unread(page, 1)
    await expect(connection_line(page)).to_have_attribute("data-connection", "polling")


async def is_live_again(page: Page, proxy: TcpProxy, ann: Person, john: Person) -> None:
    """The line goes by itself; and what happens now comes by the socket, since nobody asks so soon after a change."""
    await expect(connection_line(page)).to_have_count(0)
    assert proxy.connections > 0
    unread = len(await john.unread())
    await ann.create_task("Renew the certificates", assignee_id=john.id)
    await shows_unread(page, unread + 1)


async def test_a_socket_that_is_refused_from_the_start_is_made_good_by_polling(
    system: System, open_page: OpenPage, ann: Person, john: Person
) -> None:
    async with TcpProxy.to(system.addresses.socket, open_at_first=False) as proxy:
        page = await open_page(john, socket=proxy.url)

        await works_by_polling_until_the_socket_can_be_had(page, ann, john)
        proxy.mend()

        await is_live_again(page, proxy, ann, john)


async def test_a_network_that_swallows_the_socket_from_the_start_is_made_good_by_polling(
    system: System, open_page: OpenPage, ann: Person, john: Person
) -> None:
    async with TcpProxy.to(system.addresses.socket) as proxy:
        proxy.stall()
        page = await open_page(john, socket=proxy.url)

        await works_by_polling_until_the_socket_can_be_had(page, ann, john)
        proxy.flow()

        await is_live_again(page, proxy, ann, john)


async def test_who_is_offline_reads_that_and_is_up_to_date_once_back(
    system: System, open_page: OpenPage, ann: Person, john: Person
) -> None:
    async with TcpProxy.to(system.addresses.socket) as proxy:
        page = await open_page(john, socket=proxy.url)
        await ann.create_task("Fix login bug", assignee_id=john.id)
        await shows_unread(page, 1)

        await page.context.set_offline(True)
        proxy.cut()
        await says(page, "offline", "You are offline")
        await ann.create_task("Renew the certificates", assignee_id=john.id)
        proxy.mend()
        await page.context.set_offline(False)

        await shows_unread(page, 2)
        await expect(connection_line(page)).to_have_count(0)


async def test_who_does_not_want_to_wait_for_the_next_try_presses_a_button(
    system: System, open_page: OpenPage, ann: Person, john: Person
) -> None:
    async with TcpProxy.to(system.addresses.socket, open_at_first=False) as proxy:
        page = await open_page(john, socket=proxy.url, prepare=waits_long)
        await says(page, "polling", "Live updates are blocked")
        # The next try by itself is far away once one has just failed.
        failed = asyncio.Event()
        page.on("websocket", lambda tried: tried.on("close", lambda _: failed.set()))
        async with asyncio.timeout(SHOWN_MS / 1000):
            await failed.wait()
        proxy.mend()

        await page.get_by_role("button", name="Try now").click()

        await is_live_again(page, proxy, ann, john)


async def test_without_the_server_the_page_says_so_and_loads_when_it_is_back(
    system: System, open_page: OpenPage
) -> None:
    page = await open_page.blank()
    await page.route("**/config.json", lambda route: route.abort())
    await page.goto(system.addresses.api)
    await expect(page.get_by_text("Taskify cannot be reached")).to_be_visible()

    await page.unroute("**/config.json")

    await expect(page.get_by_role("button", name="Log in")).to_be_visible()


async def test_a_page_that_would_try_again_much_later_loads_when_it_is_told_to(
    system: System, open_page: OpenPage
) -> None:
    page = await open_page.blank()
    await page.add_init_script("Math.random = () => 10_000")
    await page.route("**/config.json", lambda route: route.abort())
    await page.goto(system.addresses.api)
    await expect(page.get_by_text("Taskify cannot be reached")).to_be_visible()

    await page.unroute("**/config.json")
    await page.get_by_role("button", name="Try now").click()

    await expect(page.get_by_role("button", name="Log in")).to_be_visible()


async def test_the_inbox_has_its_looks_although_the_network_was_away_when_it_was_fetched(
    open_page: OpenPage, john: Person
) -> None:
    style_sheets: list[str] = []

    async def only_what_the_page_begins_with(route: Route) -> None:
        style_sheets.append(route.request.url)
        await (route.continue_() if len(style_sheets) == 1 else route.abort())

    async def without_styles_of_parts(page: Page) -> None:
        await page.route("**/assets/*.css", only_what_the_page_begins_with)

    page = await open_page(john, prepare=without_styles_of_parts)
    # Who comes near the bell has it fetched.
    await bell(page).hover()
    await page.wait_for_load_state("networkidle")
    await page.unroute("**/assets/*.css")

    background = await (await open_bell(page)).evaluate("each => getComputedStyle(each).backgroundColor")
    assert background not in {"", "rgba(0, 0, 0, 0)", "transparent"}
    assert len(style_sheets) == 1
