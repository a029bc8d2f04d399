"""A mark shows at once; when the server refuses it, that mark alone is undone, and it is said."""

import asyncio
from typing import NamedTuple, Self

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.browser import OpenPage, announcements, leave_the_list, open_bell, rows, shows_unread, toasts
from tests.support.people import Person

pytestmark = pytest.mark.e2e

Problem = dict[str, str | int]

NOT_FOUND: Problem = {
    "type": "not_found",
    "title": "Not found",
    "status": 404,
    "detail": "there is no such notification",
}
BROKEN: Problem = {"type": "internal", "title": "Internal error", "status": 500, "detail": "something broke"}


class Refusal:
    """Holds what the page first posts to an address until it may be answered, with a problem."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._may_answer = asyncio.Event()

    @classmethod
    async def of(cls, page: Page, path: str, problem: Problem) -> Self:
        refusal = cls()
        allowed = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/problem+json"}

        async def answer(route: Route) -> None:
            refusal.asked.set()
            await refusal._may_answer.wait()
            await route.fulfill(status=int(problem["status"]), json=problem, headers=allowed)

        await page.route(f"**{path}", answer, times=1)
        return refusal

    def answer(self) -> None:
        self._may_answer.set()


class Marking(NamedTuple):
    path: str
    button: str
    unread_at_once: int


ONE = Marking("/api/notifications/read", "Mark as read: {actor} assigned you 'Fix login bug'", 1)
ALL = Marking("/api/notifications/read-all", "Mark all as read", 0)


@pytest.mark.parametrize("marking", [ONE, ALL], ids=["one", "all"])
@pytest.mark.parametrize("problem", [BROKEN, NOT_FOUND], ids=["500", "404"])
async def test_a_refused_mark_is_undone_and_what_came_meanwhile_is_kept(
    open_page: OpenPage, ann: Person, john: Person, *, marking: Marking, problem: Problem
) -> None:
    page = await open_page(john)
    for title in ("Fix login bug", "Renew the certificates"):
        await ann.create_task(title, assignee_id=john.id)
    await shows_unread(page, 2)
    refusal = await Refusal.of(page, marking.path, problem)

    await (await open_bell(page)).get_by_role("button", name=marking.button.format(actor=ann.name)).click()

    await refusal.asked.wait()
    await shows_unread(page, marking.unread_at_once)
    await leave_the_list(page)
    await ann.create_task("Write the release notes", assignee_id=john.id)
    await shows_unread(page, marking.unread_at_once + 1)
    await expect(rows(page)).to_have_count(3)
    refusal.answer()
    await expect(toasts(page).filter(has_text="Could not mark as read")).to_be_visible()
    await shows_unread(page, 3)
    await expect(rows(page)).to_have_count(3)
    await expect(page.get_by_role("button", name="Mark as read: ")).to_have_count(3)
    await expect(announcements(page)).to_contain_text("Could not mark as read")


async def test_a_refused_mark_as_unread_is_undone_too(open_page: OpenPage, ann: Person, john: Person) -> None:
    page = await open_page(john)
    await ann.create_task("Fix login bug", assignee_id=john.id)
    await shows_unread(page, 1)
    opened = await open_bell(page)
    await opened.get_by_role("button", name="Mark all as read").click()
    await shows_unread(page, 0)
    refusal = await Refusal.of(page, "/api/notifications/unread", BROKEN)

    await opened.get_by_role("button", name="Mark as unread: ").click()

    await refusal.asked.wait()
    await shows_unread(page, 1)
    refusal.answer()
    await expect(toasts(page).filter(has_text="Could not mark as unread")).to_be_visible()
    await shows_unread(page, 0)


async def test_marks_that_follow_a_refused_one_hold(open_page: OpenPage, ann: Person, john: Person) -> None:
    page, other = await open_page(john), await open_page(john)
    for title in ("Fix login bug", "Renew the certificates"):
        await ann.create_task(title, assignee_id=john.id)
    await shows_unread(page, 2)
    refusal = await Refusal.of(page, "/api/notifications/read", BROKEN)
    opened = await open_bell(page)
    await opened.get_by_role("button", name=f"Mark as read: {ann.name} assigned you 'Fix login bug'").click()
    await refusal.asked.wait()

    await opened.get_by_role("button", name=f"Mark as read: {ann.name} assigned you 'Renew the certificates'").click()
    await shows_unread(page, 0)
    refusal.answer()

    await shows_unread(page, 1)
    await shows_unread(other, 1)
    assert [item["message"] for item in await john.unread()] == [f"{ann.name} assigned you 'Fix login bug'"]
