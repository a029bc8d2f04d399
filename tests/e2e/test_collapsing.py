"""What belongs together is one row, and every part of it can be reached; what takes itself back is gone."""

import pytest
from playwright.async_api import expect

from tests.support.browser import OpenPage, lists, open_bell, rows, shows_unread
from tests.support.people import Person
from tests.support.system import System
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.e2e


async def test_comments_of_several_people_are_one_row_that_leads_to_each(
    open_page: OpenPage, ann: Person, john: Person, maria: Person
) -> None:
    page = await open_page(john)
    task = (await john.create_task("Fix login bug"))["id"]
    comments = [
        (await author.comment(task, text))["id"]
        for author, text in ((ann, "Please have a look."), (maria, "Two customers asked."), (ann, "Thank you."))
    ]
    await shows_unread(page, 1)
    await open_bell(page)
    row = rows(page)
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text(f"{ann.name} and 1 other commented on 'Fix login bug'")
    await row.get_by_role("button", name="Show 3 comments").click()

    links = page.locator("[data-member]").get_by_role("link")
    await expect(links).to_have_text(
        [f"{author.name} commented on 'Fix login bug'" for author in (ann, maria, ann)], use_inner_text=True
    )
    assert [await link.get_attribute("href") for link in await links.all()] == [
        f"/tasks/{task}#comment-{comment}" for comment in reversed(comments)
    ]
    await links.last.click()
    await expect(page.locator(f"#comment-{comments[0]}")).to_contain_text("Please have a look.")
    await expect(page.get_by_role("complementary", name="Fix login bug")).to_be_visible()


async def test_a_part_that_comes_while_the_row_stands_open_is_shown_with_the_others(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    task = (await john.create_task("Fix login bug"))["id"]
    for number in range(2):
        await ann.comment(task, f"Thought {number}")
    await open_bell(page)
    await page.get_by_role("button", name="Show 2 comments").click()
    await expect(page.locator("[data-member]")).to_have_count(2)

    await ann.comment(task, "One more thought")

    await expect(page.get_by_role("button", name="Hide 3 comments")).to_be_visible()
    await expect(page.locator("[data-member]")).to_have_count(3)
    await shows_unread(page, 1)


async def test_a_row_marked_as_read_before_the_window_knew_of_one_more_comment_stays_unread(
    system: System, open_page: OpenPage, ann: Person, john: Person
) -> None:
    task = (await john.create_task("Fix login bug"))["id"]
    async with TcpProxy.to(system.addresses.socket) as proxy:
        page, other = await open_page(john, socket=proxy.url), await open_page(john)
        await ann.comment(task, "Please have a look.")
        await shows_unread(page, 1)
        await open_bell(page)
        await open_bell(other)
        proxy.stall()
        await ann.comment(task, "It is urgent.")
        await expect(other.get_by_role("button", name="Show 2 comments")).to_be_visible()

        await page.get_by_role("button", name="Mark as read: ").click()

        await shows_unread(page, 1)
        await expect(page.get_by_role("button", name="Show 2 comments")).to_be_visible()
        assert [item["count"] for item in await john.unread()] == [2]


async def test_a_status_that_goes_there_and_back_leaves_nothing(open_page: OpenPage, ann: Person, john: Person) -> None:
    page = await open_page(john)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await shows_unread(page, 1)
    await open_bell(page)
    await ann.change_task(task, status="done")
    await shows_unread(page, 2)

    await ann.change_task(task, status="todo")

    await shows_unread(page, 1)
    await lists(page, [f"{ann.name} assigned you 'Fix login bug'"])
    assert len(await john.unread()) == 1
