"""The page in a real browser: opened for a person, and what stands on it by the names that `web/README.md` promises."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, ViewportSize, expect

from tests.support.people import PASSWORD, Addresses, Person

SHOWN_MS = 15_000
"""How long a page may take on a slow machine; how fast it is, the benchmarks say."""

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

Prepare = Callable[[Page], Coroutine[Any, Any, None]]
"""Is given a page that shows nothing yet."""


class OpenPage:
    """Opens the page for a person, each time in a browser of its own; what went wrong in any fails the test."""

    def __init__(self, addresses: Addresses, browser: Browser) -> None:
        self._addresses = addresses
        self._browser = browser
        self._pages: list[Page] = []
        self._errors: list[str] = []

    async def __call__(
        self, person: Person, *, socket: str | None = None, prepare: Prepare | None = None, **context: Any
    ) -> Page:
        """Log in through the form; `socket` is another way to the gateway, a proxy's."""
        # The page's own policy rightly forbids it to talk to a proxy that the server does not know.
        page = await self.blank(bypass_csp=socket is not None, **context)
        if socket is not None:
            configuration = {
                "apiUrl": self._addresses.api,
                "notificationsUrl": self._addresses.notifications,
                "socketUrl": socket,
            }
            await page.route("**/config.json", lambda route: route.fulfill(json=configuration))
        if prepare is not None:
            await prepare(page)
        await page.goto(self._addresses.api)
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await expect(bell(page)).to_be_visible(timeout=SHOWN_MS)
        return page

    async def blank(self, **context: Any) -> Page:
        """Open a browser's window in which nothing is loaded yet."""
        opened = await self._browser.new_context(**{"viewport": DESKTOP, **context})
        page = await opened.new_page()
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("console", self._hear)
        self._pages.append(page)
        return page

    async def close(self) -> None:
        """Close all, and fail if the page had an error of its own in any."""
        for page in self._pages:
            await page.context.close()
        assert self._errors == []

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self._errors.append(message.text)


def bell(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Notifications"))


async def shows_unread(page: Page, count: int, within_ms: float = SHOWN_MS) -> None:
    """Wait until bell and title show the exact count."""
    name = f"Notifications, {count} unread" if count else "Notifications"
    await expect(page.get_by_role("button", name=name, exact=True)).to_be_visible(timeout=within_ms)
    await expect(page).to_have_title(re.compile(rf"^\({count}\) " if count else r"^[^(]"))


def connection_line(page: Page) -> Locator:
    return page.locator("[data-connection]")


def dropdown(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Notifications")


async def open_bell(page: Page) -> Locator:
    """Open the dropdown, and give it."""
    await bell(page).click()
    await expect(dropdown(page)).to_be_visible()
    return dropdown(page)


def rows(page: Page) -> Locator:
    return page.locator("[data-notification]")


async def listed(page: Page) -> list[str]:
    """Give the messages in the open list, newest first."""
    found = page.get_by_role("list", name="Notifications").locator("[data-row]")
    return [text.removeprefix("Unread:").strip() for text in await found.all_inner_texts()]


def toasts(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages").get_by_role("listitem")


def announcements(page: Page) -> Locator:
    return page.get_by_role("status", name="Announcements")


async def choose(page: Page, menu: str, item: str) -> None:
    """Open a menu by its name and choose one of its rows."""
    await page.get_by_role("button", name=menu).last.click()
    await page.get_by_role("menuitemradio", name=item).click()


async def create_task(page: Page, title: str, assignee: Person) -> None:
    """Create a task through the dialog."""
    await page.get_by_role("button", name="New task in To do").click()
    dialog = page.get_by_role("dialog", name="New task")
    await dialog.get_by_label("Title").fill(title)
    await choose(page, "Assignee: Nobody", assignee.name)
    await dialog.get_by_role("button", name="Create task").click()
    await expect(dialog).to_be_hidden()
