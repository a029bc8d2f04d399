"""axe finds nothing wrong with any view in any state, in light and dark, on a desk and on a phone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from tests.support.accessibility import axe_finds_nothing_wrong
from tests.support.browser import (
    OpenPage,
    connection_line,
    dropdown,
    open_bell,
    open_panel,
    rows,
    shows_unread,
    toasts,
    toasts_stay,
)
from tests.support.people import Person

pytestmark = pytest.mark.e2e

TITLE = "Fix login bug"


@dataclass
class Stage:
    """John's window with some tasks, and three rows in his inbox: an assignment, a move, and three comments in one."""

    page: Page
    ann: Person
    john: Person
    task: str


@pytest.fixture
async def stage(open_page: OpenPage, ann: Person, john: Person, maria: Person) -> Stage:
    task = (await ann.create_task(TITLE, description="Compare without case.", assignee_id=john.id))["id"]
    for number, status in enumerate(("in_progress", "in_review", "done")):
        await ann.create_task(f"Task {number}", status=status)
    page = await open_page(john, prepare=toasts_stay)
    await ann.change_task(task, status="in_review")
    for author, text in ((ann, "Please have a look."), (maria, "Two customers asked."), (ann, "Thank you.")):
        await author.comment(task, text)
    await shows_unread(page, 3)
    await open_bell(page)
    await expect(page.get_by_role("button", name="Show 3 comments")).to_be_visible()
    await page.keyboard.press("Escape")
    return Stage(page, ann, john, task)


async def board(stage: Stage) -> None:
    await expect(stage.page.locator(f"[data-card='{stage.task}']")).to_be_visible()


async def task(stage: Stage) -> None:
    await stage.page.goto(f"{stage.john.addresses.api}/tasks/{stage.task}")
    await expect(stage.page.locator("[id^=comment-]")).to_have_count(3)


async def conflict(stage: Stage) -> None:
    await task(stage)
    await stage.page.get_by_role("button", name="Edit").click()
    await stage.page.get_by_role("textbox", name="Title").fill("Fix the login bug, please")
    await stage.ann.change_task(stage.task, title="Fix login bug today")
    await stage.page.get_by_role("button", name="Save").click()
    await expect(stage.page.get_by_role("dialog", name="This task was changed")).to_be_visible()


async def deleting(stage: Stage) -> None:
    own = (await stage.john.create_task("A task of his own"))["id"]
    await stage.page.goto(f"{stage.john.addresses.api}/tasks/{own}")
    await stage.page.get_by_role("button", name="Task actions").click()
    await stage.page.get_by_role("menuitem", name="Delete task").click()
    await expect(stage.page.get_by_role("dialog")).to_be_visible()


async def new_task(stage: Stage) -> None:
    await stage.page.get_by_role("button", name="New task in To do").click()
    await expect(stage.page.get_by_role("dialog", name="New task")).to_be_visible()


async def account_menu(stage: Stage) -> None:
    await stage.page.get_by_role("button", name=f"Account of {stage.john.name}").click()
    await expect(stage.page.get_by_role("menu")).to_be_visible()


async def shortcuts(stage: Stage) -> None:
    await stage.page.keyboard.press("?")
    await expect(stage.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


async def bell_with_all(stage: Stage) -> None:
    await open_bell(stage.page)
    await expect(rows(stage.page)).to_have_count(3)


async def bell_with_unread(stage: Stage) -> None:
    await open_bell(stage.page)
    await stage.page.get_by_role("button", name="Mark as read: ").first.click()
    await stage.page.get_by_role("tab", name="Unread").click()
    await expect(rows(stage.page)).to_have_count(2)


async def bell_all_caught_up(stage: Stage) -> None:
    await open_bell(stage.page)
    await stage.page.get_by_role("button", name="Mark all as read").click()
    await stage.page.get_by_role("tab", name="Unread").click()
    await expect(dropdown(stage.page).get_by_text("All caught up")).to_be_visible()


async def members(stage: Stage) -> None:
    await open_bell(stage.page)
    await stage.page.get_by_role("button", name="Show 3 comments").click()
    await expect(stage.page.locator("[data-member]")).to_have_count(3)


async def row_menu(stage: Stage) -> None:
    await open_bell(stage.page)
    await stage.page.get_by_role("button", name="More: ").first.click()
    await expect(stage.page.get_by_role("menu")).to_be_visible()


async def why(stage: Stage) -> None:
    await row_menu(stage)
    await stage.page.get_by_role("menuitem", name="Why am I told?").click()
    await expect(stage.page.get_by_role("list", name="Reasons")).to_be_visible()


async def why_not(stage: Stage) -> None:
    await task(stage)
    await stage.page.get_by_role("button", name="Task actions").click()
    await stage.page.get_by_role("menuitem", name="Why was I not told?").click()
    await expect(stage.page.get_by_role("list", name="What happened")).to_be_visible()


async def panel_with_unread(stage: Stage) -> None:
    await open_panel(stage.page)
    await expect(rows(stage.page)).to_have_count(3)


async def panel_with_all(stage: Stage) -> None:
    await open_panel(stage.page)
    await stage.page.get_by_role("tab", name="All").click()
    await expect(rows(stage.page)).to_have_count(3)


async def preferences(stage: Stage) -> None:
    await open_bell(stage.page)
    await stage.page.get_by_role("link", name="Notification settings").click()
    await stage.page.wait_for_url("**/preferences")
    await expect(stage.page.get_by_role("radiogroup").first).to_be_visible()


async def toast(stage: Stage) -> None:
    await stage.ann.create_task("Renew the certificates", assignee_id=stage.john.id)
    await expect(toasts(stage.page)).to_have_count(1)
    await toasts(stage.page).hover()  # which keeps it from going


async def offline(stage: Stage) -> None:
    await stage.page.context.set_offline(offline=True)
    await expect(connection_line(stage.page)).to_be_visible()
    await open_bell(stage.page)


State = Callable[[Stage], Awaitable[None]]

SIGNED_IN: list[State] = [
    board,
    task,
    conflict,
    deleting,
    new_task,
    account_menu,
    shortcuts,
    bell_with_all,
    bell_with_unread,
    bell_all_caught_up,
    members,
    row_menu,
    why,
    why_not,
    panel_with_unread,
    panel_with_all,
    preferences,
    toast,
    offline,
]


@pytest.mark.parametrize("state", SIGNED_IN, ids=lambda state: state.__name__)
async def test_axe_finds_nothing_wrong_for_who_is_signed_in(stage: Stage, state: State) -> None:
    await state(stage)

    await axe_finds_nothing_wrong(stage.page)


async def test_axe_finds_nothing_wrong_with_the_forms_of_login_and_registration(
    open_page: OpenPage, ann: Person
) -> None:
    page = await open_page.blank()
    await page.goto(ann.addresses.api)
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()
    await axe_finds_nothing_wrong(page)

    await page.get_by_label("E-mail").fill(ann.email)
    await page.get_by_label("Password").fill("not the password")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await axe_finds_nothing_wrong(page)

    await page.get_by_role("button", name="Create an account").click()
    await expect(page.get_by_role("button", name="Create account")).to_be_visible()
    await axe_finds_nothing_wrong(page)


async def test_axe_finds_nothing_wrong_where_nothing_is(open_page: OpenPage, ann: Person) -> None:
    page = await open_page(ann)

    await open_bell(page)
    await expect(dropdown(page).get_by_text("Nothing yet")).to_be_visible()
    await axe_finds_nothing_wrong(page)

    await page.keyboard.press("Escape")
    await open_panel(page)
    await expect(page.get_by_text("All caught up")).to_be_visible()
    await axe_finds_nothing_wrong(page)


async def test_axe_finds_nothing_wrong_with_what_says_that_the_server_is_away(open_page: OpenPage, ann: Person) -> None:
    page = await open_page.blank()
    await page.route("**/config.json", lambda route: route.abort())
    await page.goto(ann.addresses.api)

    await expect(page.get_by_text("Taskify cannot be reached")).to_be_visible()

    await axe_finds_nothing_wrong(page)


async def test_axe_finds_nothing_wrong_where_notifications_could_not_be_loaded(
    open_page: OpenPage, ann: Person
) -> None:
    async def without_notifications(page: Page) -> None:
        await page.route("**/api/notifications/**", lambda route: route.abort())

    page = await open_page(ann, prepare=without_notifications, loads_inbox=False)

    await open_bell(page)
    await expect(dropdown(page).get_by_text("Notifications could not be loaded")).to_be_visible()

    await axe_finds_nothing_wrong(page)
