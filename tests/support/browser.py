"""The page in a real browser: opened for a person, and what stands on it by the names that `web/README.md` promises."""

import re
import shutil
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from playwright.async_api import Browser, BrowserType, ConsoleMessage, Locator, Page, ViewportSize, expect

from tests.support.people import PASSWORD, Addresses, Person

SHOWN_MS = 120_000
"""After which a page is given up; how fast it is, the benchmarks say."""

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

_TOAST_MS = 7_000
"""As `web/src/components/toasts.tsx` has it."""

Prepare = Callable[[Page], Coroutine[Any, Any, None]]
"""Is given a page that shows nothing yet."""


async def launched(kind: BrowserType) -> Browser:
    """Start Debian's Chromium, without a sandbox, since root has none, and without calls to its maker.

    From now on every `expect` waits for as long as a page may take.
    """
    expect.set_options(timeout=SHOWN_MS)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "Chromium is missing: `make setup` installs it"
    return await kind.launch(
        executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    )


class OpenPage:
    """Opens the page for a person, each time in a browser of its own; what went wrong in any fails the test."""

    def __init__(self, addresses: Addresses, browser: Browser) -> None:
        self._addresses = addresses
        self._browser = browser
        self._pages: list[Page] = []
        self._errors: list[str] = []

    async def __call__(
        self,
        person: Person,
        *,
        password: str = PASSWORD,
        socket: str | None = None,
        prepare: Prepare | None = None,
        loads_inbox: bool = True,
        **context: Any,
    ) -> Page:
        """Log in through the form; `socket` is another way to the gateway, a proxy's.

        What happens from now on is news: the page has asked for the inbox, unless that was made impossible.
        """
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
        await page.get_by_label("Password").fill(password)
        if loads_inbox:
            async with page.expect_response("**/api/notifications/sync*"):
                await page.get_by_role("button", name="Log in").click()
        else:
            await page.get_by_role("button", name="Log in").click()
        await expect(bell(page)).to_be_visible()
        return page

    async def blank(self, **context: Any) -> Page:
        """Open a browser's window in which nothing is loaded yet."""
        opened = await self._browser.new_context(**{"viewport": DESKTOP, **context})
        page = await opened.new_page()
        page.set_default_timeout(SHOWN_MS)
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


async def shows_unread(page: Page, count: int) -> None:
    """Wait until bell and title show the exact count."""
    name = f"Notifications, {count} unread" if count else "Notifications"
    await expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
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


async def leave_the_list(page: Page) -> None:
    """Take pointer and focus out of the open list, which holds still under who reads in it."""
    await page.mouse.move(0, 0)
    await page.get_by_role("dialog").first.focus()


def rows(page: Page) -> Locator:
    return page.locator("[data-notification]")


async def lists(page: Page, messages: Sequence[str]) -> None:
    """Wait until the open list has exactly these messages, newest first."""
    await expect(_listed(page)).to_have_text([_row_of(message) for message in messages], use_inner_text=True)


async def lists_in_any_order(page: Page, messages: Sequence[str]) -> None:
    """Wait until the open list has exactly these messages, each a different one."""
    await expect(_listed(page)).to_have_count(len(messages))
    for message in messages:
        await expect(_listed(page).filter(has_text=_row_of(message))).to_have_count(1)


def _listed(page: Page) -> Locator:
    return page.get_by_role("list", name="Notifications").locator("[data-row]")


def _row_of(message: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*(Unread:)?\s*{re.escape(message)}\s*$")


def toasts(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages").get_by_role("listitem")


async def toasts_stay(page: Page) -> None:
    """Prepare a page whose toasts do not go by themselves: on a slow machine nobody could use them in time."""
    await page.add_init_script(
        f"""{{
            const later = globalThis.setTimeout;
            globalThis.setTimeout = (run, ms, ...rest) => (ms === {_TOAST_MS} ? 0 : later(run, ms, ...rest));
        }}"""
    )


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


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Inbox")


async def open_panel(page: Page) -> Locator:
    """Slide the panel in, and give it."""
    await page.keyboard.press("Shift+N")
    await expect(panel(page)).to_be_visible()
    return panel(page)


async def shown_ids(page: Page) -> list[str]:
    """Give the ids of the rows in the open list, from top to bottom."""
    found: list[str] = await rows(page).evaluate_all("rows => rows.map((row) => row.dataset.notification)")
    return found


async def read_to_the_end(page: Page) -> None:
    """Scroll down in the open list until it says that there is no more."""
    end = page.get_by_text("Notifications are kept for 30 days.")
    while not await end.is_visible():
        known = await rows(page).count()
        await rows(page).last.scroll_into_view_if_needed()
        await expect(end.or_(rows(page).nth(known)).first).to_be_attached()
