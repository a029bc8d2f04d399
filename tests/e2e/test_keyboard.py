"""Everything about notifications is done without a mouse, and the focus is never lost."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.browser import OpenPage, bell, dropdown, panel, rows, shows_unread
from tests.support.people import Person

pytestmark = pytest.mark.e2e

MOST_PRESSES = 60


async def press_until_focused(page: Page, key: str, wanted: Locator) -> None:
    """Press a key until the focus is there; fail if it goes all round and is never there."""
    for _ in range(MOST_PRESSES):
        if await wanted.count() and await wanted.first.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{key} never leads to {wanted}")


async def has_focus_inside(place: Locator) -> None:
    await expect(place.locator(":focus").or_(place.and_(place.page.locator(":focus"))).first).to_be_attached()


async def open_by_its_key(page: Page) -> None:
    await page.keyboard.press("n")
    await expect(dropdown(page)).to_be_focused()


@pytest.fixture
async def page(open_page: OpenPage, ann: Person, john: Person, maria: Person) -> Page:
    """John's page: one row of an assignment, above it one of three comments."""
    opened = await open_page(john)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    for author in (ann, maria, ann):
        await author.comment(task, "Please have a look.")
    await shows_unread(opened, 2)
    return opened


async def test_the_bell_is_walked_through_by_the_keyboard_and_gives_the_focus_back(page: Page) -> None:
    await press_until_focused(page, "Tab", bell(page))
    await page.keyboard.press("Enter")
    await expect(dropdown(page)).to_be_visible()
    await has_focus_inside(dropdown(page))

    await press_until_focused(page, "Tab", page.get_by_role("tab", name="All"))
    await page.keyboard.press("ArrowLeft")
    unread = page.get_by_role("tab", name=re.compile("^Unread"))
    await expect(unread).to_be_focused()
    await expect(unread).to_have_attribute("aria-selected", "true")

    await press_until_focused(page, "ArrowDown", rows(page).first.locator("[data-row]").first)
    await page.keyboard.press("ArrowDown")
    await expect(rows(page).last.locator("[data-row]").first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(rows(page).first.locator("[data-row]").first).to_be_focused()

    await page.keyboard.press("Escape")
    await expect(dropdown(page)).to_be_hidden()
    await expect(bell(page)).to_be_focused()


async def test_the_parts_of_a_row_are_opened_and_followed_by_the_keyboard(page: Page) -> None:
    await open_by_its_key(page)
    await press_until_focused(page, "Tab", page.get_by_role("button", name="Show 3 comments"))
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-member]")).to_have_count(3)
    await expect(page.get_by_role("button", name="Hide 3 comments")).to_be_focused()

    await press_until_focused(page, "Tab", page.locator("[data-member]").first.get_by_role("link"))
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("complementary", name="Fix login bug")).to_be_visible()
    await expect(dropdown(page)).to_be_hidden()
    await has_focus_inside(page.get_by_role("complementary", name="Fix login bug"))


async def test_the_menu_of_a_row_takes_escape_before_the_bell_does(page: Page) -> None:
    await open_by_its_key(page)
    more = page.get_by_role("button", name="More: ").first
    await press_until_focused(page, "Tab", more)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem").nth(1)).to_be_focused()

    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_be_hidden()
    await expect(more).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("Enter")
    why = page.get_by_role("dialog", name="Why am I told?")
    await has_focus_inside(why)
    await page.keyboard.press("Escape")
    await expect(why).to_be_hidden()
    await expect(more).to_be_focused()

    await page.keyboard.press("Escape")
    await expect(dropdown(page)).to_be_hidden()
    await expect(bell(page)).to_be_focused()


async def test_a_mark_made_by_the_keyboard_keeps_the_focus_in_the_list(page: Page) -> None:
    await open_by_its_key(page)
    await press_until_focused(page, "Tab", page.get_by_role("tab", name="All"))
    await page.keyboard.press("ArrowLeft")
    await press_until_focused(page, "Tab", page.get_by_role("button", name="Mark as read: ").first)

    await page.keyboard.press("Enter")

    await shows_unread(page, 1)
    await has_focus_inside(dropdown(page))
    await page.keyboard.press("Escape")
    await expect(bell(page)).to_be_focused()


async def test_the_panel_is_opened_walked_and_closed_by_the_keyboard(page: Page) -> None:
    await bell(page).focus()
    await page.keyboard.press("Shift+N")
    await expect(panel(page)).to_be_visible()
    await has_focus_inside(panel(page))

    await press_until_focused(page, "Tab", panel(page).get_by_role("tab", name=re.compile("^Unread")))
    await page.keyboard.press("ArrowRight")
    await expect(panel(page).get_by_role("tab", name="All")).to_be_focused()
    await press_until_focused(page, "ArrowDown", rows(page).last.locator("[data-row]").first)
    await press_until_focused(page, "Tab", panel(page).get_by_role("button", name="More: ").last)

    await page.keyboard.press("Escape")
    await expect(panel(page)).to_be_hidden()
    await expect(bell(page)).to_be_focused()


async def test_the_way_from_the_bell_to_the_panel_to_the_settings_needs_no_mouse(page: Page) -> None:
    await open_by_its_key(page)
    await press_until_focused(page, "Tab", dropdown(page).get_by_role("button", name="Open all notifications"))
    await page.keyboard.press("Enter")
    await expect(panel(page)).to_be_visible()
    await expect(dropdown(page)).to_be_hidden()
    await has_focus_inside(panel(page))
    await press_until_focused(page, "Tab", panel(page).get_by_role("link", name="Notification settings"))
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Preferences", level=1)).to_be_focused()
    comments = page.get_by_role("radiogroup", name="Comments")
    await press_until_focused(page, "Tab", comments.get_by_role("radio", name="Instant"))
    await page.keyboard.press("ArrowRight")
    await expect(comments.get_by_role("radio", name="Hourly")).to_be_checked()
