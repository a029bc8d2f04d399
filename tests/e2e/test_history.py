"""The whole history is read by scrolling, while new notifications arrive: none twice, none missing, none jumping."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import OpenPage, open_panel, panel, read_to_the_end, rows, shown_ids, shows_unread
from tests.support.people import Json, Person

pytestmark = pytest.mark.e2e

OLD = 120


async def make_history(ann: Person, john: Person) -> None:
    """Tell John of 120 things, and let him read them all."""
    for _ in range(OLD // 10):
        await asyncio.gather(*(ann.create_task("A task", assignee_id=john.id) for _ in range(10)))
    async with john.window() as window:
        await window.until(lambda seen: seen.unread_count == OLD, f"{OLD} notifications")
        read = await john.call("POST", "/api/notifications/read-all", json={"up_to_seq": window.latest_seq})
        assert read.status_code == 204


async def history(john: Person) -> list[Json]:
    """Give all that the server lists, by its pages."""
    found: list[Json] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": 100} if cursor is None else {"limit": 100, "cursor": cursor}
        answer = (await john.call("GET", "/api/notifications/history", params=parameters)).json()
        found += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return found


async def scroll_to_last(page: Page) -> None:
    known = await rows(page).count()
    await rows(page).last.scroll_into_view_if_needed()
    await expect(rows(page).nth(known)).to_be_attached()


async def test_120_are_read_to_the_end_while_new_ones_arrive(open_page: OpenPage, ann: Person, john: Person) -> None:
    await make_history(ann, john)
    page = await open_page(john)
    await open_panel(page)
    await panel(page).get_by_role("tab", name="All").click()
    await expect(rows(page).nth(40)).to_be_attached()
    old = {item["id"] for item in await history(john)}
    assert len(old) == OLD

    await scroll_to_last(page)
    at_the_top = (await shown_ids(page))[0]
    for number in range(1, 4):
        await ann.create_task(f"New task {number}", assignee_id=john.id)
        await shows_unread(page, number)
    await expect(page.get_by_role("button", name="3 new notifications")).to_be_visible()
    assert (await shown_ids(page))[0] == at_the_top
    await read_to_the_end(page)

    shown = await shown_ids(page)
    assert len(shown) == len(set(shown))
    assert set(shown) == old

    await page.get_by_role("button", name="3 new notifications").click()
    await expect(rows(page)).to_have_count(OLD + 3)
    stored = sorted(await history(john), key=lambda item: (item["updated_at"], item["id"]), reverse=True)
    assert await shown_ids(page) == [item["id"] for item in stored]
    await expect(rows(page).first).to_be_in_viewport()


async def test_the_list_does_not_move_under_who_reads_in_it(open_page: OpenPage, ann: Person, john: Person) -> None:
    await make_history(ann, john)
    page = await open_page(john)
    await open_panel(page)
    await panel(page).get_by_role("tab", name="All").click()
    row = rows(page).nth(20)
    await row.scroll_into_view_if_needed()
    before = await row.bounding_box()

    await ann.create_task("New task", assignee_id=john.id)
    await expect(page.get_by_role("button", name="1 new notification")).to_be_visible()

    assert await row.bounding_box() == before


async def test_a_page_of_the_history_that_fails_is_asked_for_again(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    await make_history(ann, john)
    page = await open_page(john)
    await page.route("**/api/notifications/history*", lambda route: route.abort(), times=1)
    await open_panel(page)
    await panel(page).get_by_role("tab", name="All").click()
    again = panel(page).get_by_role("button", name="Try again")
    while not await again.is_visible():
        await rows(page).last.scroll_into_view_if_needed()

    await again.click()
    await read_to_the_end(page)

    assert set(await shown_ids(page)) == {item["id"] for item in await history(john)}
