"""How who looks elsewhere learns of something: title and icon of the window, toasts, and words for who listens."""

import re

import pytest
from playwright.async_api import expect

from tests.support.browser import (
    OpenPage,
    announcements,
    bell,
    open_bell,
    rows,
    shows_unread,
    toasts,
    toasts_stay,
)
from tests.support.people import Person

pytestmark = pytest.mark.e2e

OLD = 3


async def test_title_and_name_have_the_exact_number_and_the_badge_what_fits(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    for number in range(101):
        await ann.create_task(f"Task {number}", assignee_id=john.id)

    page = await open_page(john)

    await shows_unread(page, 101)
    await expect(page.locator("[data-badge]")).to_have_text("99+")
    await open_bell(page)
    await page.get_by_role("button", name="Mark all as read").click()
    await shows_unread(page, 0)
    await expect(page.locator("[data-badge]")).to_have_count(0)
    await expect(bell(page)).to_have_accessible_name("Notifications")


async def test_the_icon_of_the_window_says_that_something_is_unread(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    icon = page.locator("link[rel=icon]")
    plain = await icon.get_attribute("href") or ""
    await ann.create_task("Fix login bug", assignee_id=john.id)
    await shows_unread(page, 1)

    await expect(icon).not_to_have_attribute("href", plain)

    address = await icon.get_attribute("href")
    assert await page.evaluate("address => fetch(address).then(({ ok }) => ok)", address)
    await open_bell(page)
    await page.get_by_role("button", name="Mark all as read").click()
    await expect(icon).to_have_attribute("href", plain)


async def test_what_arrives_is_said_once_to_who_looks_and_to_who_listens(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john, prepare=toasts_stay)
    await expect(announcements(page)).to_be_empty()
    await expect(announcements(page)).to_have_attribute("aria-live", "polite")

    await ann.create_task("Fix login bug", assignee_id=john.id)

    message = f"{ann.name} assigned you 'Fix login bug'"
    await expect(toasts(page)).to_have_count(1)
    await expect(toasts(page)).to_contain_text(message)
    await expect(toasts(page)).to_contain_text("You are assigned")
    await expect(announcements(page)).to_contain_text(message)
    await toasts(page).get_by_role("button", name="Dismiss").click()
    await expect(toasts(page)).to_have_count(0)
    await shows_unread(page, 1)


async def test_a_toast_opens_what_it_is_about_and_that_is_then_read(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john, prepare=toasts_stay)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]

    await toasts(page).get_by_role("button", name="Open").click()

    await expect(page.get_by_role("complementary", name="Fix login bug")).to_be_visible()
    await expect(page).to_have_url(re.compile(f"/tasks/{task}$"))
    await expect(toasts(page)).to_have_count(0)
    await shows_unread(page, 0)


async def test_who_looks_at_the_task_sees_it_change_and_no_toast(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john, prepare=toasts_stay)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await toasts(page).get_by_role("button", name="Open").click()
    await expect(page.get_by_role("complementary", name="Fix login bug")).to_be_visible()
    await shows_unread(page, 0)

    await ann.comment(task, "Please have a look.")

    await expect(page.get_by_role("list", name="Comments")).to_contain_text("Please have a look.")
    await shows_unread(page, 1)
    await expect(announcements(page)).to_contain_text("commented on 'Fix login bug'")
    await expect(toasts(page)).to_have_count(0)


async def test_at_most_three_toasts_stand_on_the_page_and_opening_the_bell_sends_them_away(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john, prepare=toasts_stay)
    for number in range(5):
        await ann.create_task(f"Task {number}", assignee_id=john.id)
        await shows_unread(page, number + 1)
        await expect(toasts(page)).to_have_count(min(number + 1, 3))

    await open_bell(page)

    await expect(toasts(page)).to_have_count(0)
    await expect(rows(page)).to_have_count(5)


async def test_what_was_there_before_is_no_news(open_page: OpenPage, ann: Person, john: Person) -> None:
    async with john.window() as window:
        for number in range(OLD):
            await ann.create_task(f"Task {number}", assignee_id=john.id)
        await window.until(lambda seen: seen.unread_count == OLD, "all that is old")

    page = await open_page(john, prepare=toasts_stay)

    await shows_unread(page, OLD)
    await ann.create_task("Fix login bug", assignee_id=john.id)
    await expect(toasts(page)).to_have_count(1)
    await expect(toasts(page)).to_contain_text("Fix login bug")
    await expect(announcements(page)).to_have_text(f"{ann.name} assigned you 'Fix login bug'")


async def test_a_message_is_text_and_never_markup(open_page: OpenPage, ann: Person, john: Person) -> None:
    page = await open_page(john, prepare=toasts_stay)
    title = "<img src=x onerror=alert(1)> & <b>bold</b>"

    await ann.create_task(title, assignee_id=john.id)

    message = f"{ann.name} assigned you '{title}'"
    await expect(toasts(page)).to_contain_text(message)
    await open_bell(page)
    await expect(rows(page).get_by_role("link")).to_contain_text(message)
    await expect(page.locator("img[src=x]")).to_have_count(0)
