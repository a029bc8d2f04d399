import pytest
from playwright.async_api import expect

from tests.support.browser import (
    OpenPage,
    choose,
    create_task,
    lists,
    lists_in_any_order,
    open_bell,
    rows,
    shows_unread,
)
from tests.support.people import Person
from tests.support.system import System
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.e2e


async def test_what_one_does_in_one_browser_the_bell_in_another_says_without_a_reload(
    open_page: OpenPage, ann: Person, john: Person
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
    await lists(
        his,
        [
            f"{ann.name} commented on 'Fix login bug'",
            f"{ann.name} moved 'Fix login bug' to In review",
            f"{ann.name} assigned you 'Fix login bug'",
        ],
    )
    await shows_unread(hers, 0)


async def test_what_is_marked_in_one_window_is_marked_in_the_other(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    one, other = await open_page(john), await open_page(john)
    for title in ("Fix login bug", "Write the release notes", "Renew the certificates"):
        await ann.create_task(title, assignee_id=john.id)
    await shows_unread(one, 3)
    await shows_unread(other, 3)
    message = f"{ann.name} assigned you 'Fix login bug'"
    in_one, in_other = await open_bell(one), await open_bell(other)

    await in_one.get_by_role("button", name=f"Mark as read: {message}").click()
    await shows_unread(one, 2)
    await shows_unread(other, 2)

    await in_other.get_by_role("button", name=f"Mark as unread: {message}").click()
    await shows_unread(other, 3)
    await shows_unread(one, 3)

    await in_one.get_by_role("button", name="Mark all as read").click()
    await shows_unread(one, 0)
    await shows_unread(other, 0)
    assert await john.unread() == []


async def test_marking_all_as_read_leaves_unread_what_the_window_did_not_know_of(
    system: System, open_page: OpenPage, ann: Person, john: Person
) -> None:
    async with TcpProxy.to(system.addresses.socket) as proxy:
        page, other = await open_page(john, socket=proxy.url), await open_page(john)
        await ann.create_task("Fix login bug", assignee_id=john.id)
        await shows_unread(page, 1)
        opened = await open_bell(page)
        proxy.stall()
        await ann.create_task("Renew the certificates", assignee_id=john.id)
        await shows_unread(other, 2)

        await opened.get_by_role("button", name="Mark all as read").click()

        await shows_unread(other, 1)
        proxy.flow()
        await shows_unread(page, 1)
        assert [item["message"] for item in await john.unread()] == [
            f"{ann.name} assigned you 'Renew the certificates'"
        ]


async def test_20_changes_while_the_socket_is_cut_are_there_when_it_is_back(
    system: System, open_page: OpenPage, ann: Person, john: Person
) -> None:
    async with TcpProxy.to(system.addresses.socket) as proxy:
        page = await open_page(john, socket=proxy.url)
        await ann.create_task("Fix login bug", assignee_id=john.id)
        await shows_unread(page, 1)

        proxy.cut()
        for number in range(20):
            await ann.create_task(f"Task {number}", assignee_id=john.id)
        proxy.mend()

        await shows_unread(page, 21)
        await open_bell(page)
        titles = ["Fix login bug", *(f"Task {number}" for number in range(20))]
        await lists_in_any_order(page, [f"{ann.name} assigned you '{title}'" for title in titles])
        assert len(await john.unread()) == 21


async def test_what_was_missed_while_nobody_was_there_is_shown_on_return(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    await ann.create_task("Fix login bug", assignee_id=john.id)
    await ann.create_task("Renew the certificates", assignee_id=john.id)

    page = await open_page(john)

    await shows_unread(page, 2)
    await page.reload()
    await shows_unread(page, 2)


async def test_what_a_deleted_task_left_is_still_told_but_leads_nowhere(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await shows_unread(page, 1)
    await open_bell(page)
    await expect(rows(page).get_by_role("link")).to_have_count(1)

    await ann.call("DELETE", f"/api/tasks/{task}")

    await expect(rows(page).get_by_role("link")).to_have_count(0)
    await lists(page, [f"{ann.name} assigned you 'Fix login bug'"])


async def test_two_who_change_the_same_text_at_once_see_both_versions(
    open_page: OpenPage, ann: Person, john: Person
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
