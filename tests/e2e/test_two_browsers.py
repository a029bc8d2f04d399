import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.people import PASSWORD, Person
from tests.support.system import System
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.e2e

UNREAD_MS = 15_000
"""How long a page may take on a slow machine; how fast it is, the benchmark says."""


@pytest.fixture
async def ann(system: System, http: httpx.AsyncClient) -> Person:
    return await Person.register(http, system.addresses, f"Ann {uuid4().hex[:6]}")


@pytest.fixture
async def john(system: System, http: httpx.AsyncClient) -> Person:
    return await Person.register(http, system.addresses, f"John {uuid4().hex[:6]}")


@pytest.fixture
async def open_page(system: System, browser: Browser) -> AsyncIterator["OpenPage"]:
    opened = OpenPage(system, browser)
    yield opened
    await opened.close()


class OpenPage:
    """Opens the page for a person, each time in a browser of its own; what went wrong in any fails the test."""

    def __init__(self, system: System, browser: Browser) -> None:
        self._system = system
        self._browser = browser
        self._pages: list[Page] = []
        self._errors: list[str] = []

    async def __call__(self, person: Person, socket: str | None = None) -> Page:
        """Log in through the form; `socket` is another way to the gateway, a proxy's."""
        # The page's own policy rightly forbids it to talk to a proxy that the server does not know.
        context = await self._browser.new_context(
            viewport={"width": 1280, "height": 800}, bypass_csp=socket is not None
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        if socket is not None:
            configuration = {
                "apiUrl": self._system.addresses.api,
                "notificationsUrl": self._system.addresses.notifications,
                "socketUrl": socket,
            }
            await page.route("**/config.json", lambda route: route.fulfill(json=configuration))
        await page.goto(self._system.addresses.api)
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await expect(bell(page)).to_be_visible(timeout=UNREAD_MS)
        self._pages.append(page)
        return page

    async def close(self) -> None:
        for page in self._pages:
            await page.context.close()
        assert self._errors == []


async def shows_unread(page: Page, count: int) -> None:
    """Wait until bell and title show the exact count."""
    name = f"Notifications, {count} unread" if count else "Notifications"
    await expect(page.get_by_role("button", name=name, exact=True)).to_be_visible(timeout=UNREAD_MS)
    await expect(page).to_have_title(re.compile(rf"^\({count}\) " if count else r"^[^(]"))


def bell(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Notifications"))


async def open_bell(page: Page) -> None:
    await bell(page).click()


async def listed(page: Page) -> list[str]:
    """Give the messages in the open bell, newest first."""
    rows = page.get_by_role("list", name="Notifications").get_by_role("link")
    return [text.removeprefix("Unread:").strip() for text in await rows.all_inner_texts()]


async def create_task(page: Page, title: str, assignee: Person) -> None:
    await page.get_by_role("button", name="New task in To do").click()
    dialog = page.get_by_role("dialog", name="New task")
    await dialog.get_by_label("Title").fill(title)
    await choose(page, "Assignee: Nobody", assignee.name)
    await dialog.get_by_role("button", name="Create task").click()
    await expect(dialog).to_be_hidden()


async def choose(page: Page, menu: str, item: str) -> None:
    """Open a menu by its name and choose one of its rows."""
    await page.get_by_role("button", name=menu).last.click()
    await page.get_by_role("menuitemradio", name=item).click()


async def test_what_one_does_in_one_browser_the_bell_in_another_says_without_a_reload(
    open_page: "OpenPage", ann: Person, john: Person
) -> None:
    hers, his = await open_page(ann), await open_page(john)

    await create_task(hers, "Fix login bug", assignee=john)
    await shows_unread(his, 1)
    await hers.get_by_role("link", name="Fix login bug").first.click()
    await choose(hers, "Status: To do", "In review")
    await shows_unread(his, 2)
    await hers.get_by_label("Write a comment").fill("Please have a look.")
    await hers.get_by_role("button", name="Comment", exact=True).click()
    await shows_unread(his, 3)

    await open_bell(his)
    assert await listed(his) == [
        f"{ann.name} commented on 'Fix login bug'",
        f"{ann.name} moved 'Fix login bug' to In review",
        f"{ann.name} assigned you 'Fix login bug'",
    ]
    await shows_unread(hers, 0)


async def test_reading_in_one_window_clears_the_badge_in_the_other(
    open_page: "OpenPage", ann: Person, john: Person
) -> None:
    one, other = await open_page(john), await open_page(john)
    for title in ("Fix login bug", "Write the release notes", "Renew the certificates"):
        await ann.create_task(title, assignee_id=john.id)
    await shows_unread(one, 3)
    await shows_unread(other, 3)

    await open_bell(one)
    await one.get_by_role("button", name=f"Mark as read: {ann.name} assigned you 'Fix login bug'").click()
    await shows_unread(one, 2)
    await shows_unread(other, 2)

    await one.get_by_role("button", name="Mark all as read").click()
    await shows_unread(one, 0)
    await shows_unread(other, 0)
    assert await john.unread() == []


async def test_20_changes_while_the_socket_is_cut_are_there_when_it_is_back(
    system: System, open_page: "OpenPage", ann: Person, john: Person
) -> None:
    async with TcpProxy.to(system.addresses.socket) as proxy:
        page = await open_page(john, socket=proxy.url)
        task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
        await shows_unread(page, 1)

        proxy.cut()
        for number in range(20):
            await ann.comment(task, f"Thought {number}")
        proxy.mend()

        await shows_unread(page, 21)
        await open_bell(page)
        assert await listed(page) == [
            *[f"{ann.name} commented on 'Fix login bug'"] * 20,
            f"{ann.name} assigned you 'Fix login bug'",
        ]
        assert len(await john.unread()) == 21


async def test_what_was_missed_while_nobody_was_there_is_shown_on_return(
    open_page: "OpenPage", ann: Person, john: Person
) -> None:
    await ann.create_task("Fix login bug", assignee_id=john.id)
    await ann.create_task("Renew the certificates", assignee_id=john.id)

    page = await open_page(john)

    await shows_unread(page, 2)
    await page.reload()
    await shows_unread(page, 2)


async def test_two_who_change_the_same_text_at_once_see_both_versions(
    open_page: "OpenPage", ann: Person, john: Person
) -> None:
    task = (await ann.create_task("Fix login bug"))["id"]
    page = await open_page(john)
    await page.goto(f"{ann.addresses.api}/tasks/{task}")
    await page.get_by_role("button", name="Edit").click()
    await page.get_by_role("textbox", name="Title").fill("Fix the login bug, please")

    await ann.change_task(task, title="Fix login bug today")
    await page.get_by_role("button", name="Save").click()

    conflict = page.get_by_role("dialog")
    await expect(conflict).to_contain_text("Fix login bug today")
    await expect(conflict).to_contain_text("Fix the login bug, please")
    assert (await ann.call("GET", f"/api/tasks/{task}")).json()["title"] == "Fix login bug today"
