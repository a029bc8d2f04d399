"""From a row a person learns why they are told of it, and has less of it."""

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import OpenPage, announcements, lists, open_bell, rows, shows_unread, toasts, toasts_stay
from tests.support.people import Person

pytestmark = pytest.mark.e2e


async def choose_for_row(page: Page, message: str, item: str) -> None:
    """Choose from the menu of a row in the open bell."""
    await page.get_by_role("button", name=f"More: {message}").click()
    await page.get_by_role("menuitem", name=item).click()


async def assign_anew(ann: Person, task: str, john: Person) -> None:
    await ann.change_task(task, assignee_id=None)
    await ann.change_task(task, assignee_id=john.id)


async def test_a_muted_task_tells_only_that_it_is_assigned_until_it_is_unmuted(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    assigned = f"{ann.name} assigned you 'Fix login bug'"
    await shows_unread(page, 1)
    await open_bell(page)

    await choose_for_row(page, assigned, "Mute this task")
    await expect(toasts(page).filter(has_text="Muted")).to_be_visible()
    await ann.change_task(task, status="in_review")
    await ann.comment(task, "Please have a look.")
    await assign_anew(ann, task, john)

    await shows_unread(page, 2)
    await page.keyboard.press("Escape")
    await open_bell(page)
    await lists(page, [assigned, assigned])

    await page.get_by_role("button", name=f"More: {assigned}").first.click()
    await page.get_by_role("menuitem", name="Unmute this task").click()
    await expect(toasts(page).filter(has_text="Unmuted")).to_be_visible()
    await ann.change_task(task, status="done")

    await shows_unread(page, 3)


async def test_a_mute_is_seen_in_the_other_window_and_taken_back_in_the_preferences(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await shows_unread(page, 1)
    other = await page.context.new_page()
    await other.goto(f"{john.addresses.api}/preferences")
    await expect(other.get_by_text("No task is muted")).to_be_visible()

    await open_bell(page)
    await choose_for_row(page, f"{ann.name} assigned you 'Fix login bug'", "Mute this task")
    await expect(other.locator(f"[data-muted='{task}']").get_by_role("link", name="Fix login bug")).to_be_visible()
    await other.get_by_role("button", name="Unmute: Fix login bug").click()
    await expect(other.locator(f"[data-muted='{task}']")).to_have_count(0)
    await expect(toasts(other).filter(has_text="Unmuted")).to_be_visible()

    await ann.change_task(task, status="done")
    await shows_unread(page, 2)


async def test_who_stops_watching_from_a_row_is_told_no_more_until_assigned_again(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    assigned = f"{ann.name} assigned you 'Fix login bug'"
    await shows_unread(page, 1)
    await open_bell(page)

    await choose_for_row(page, assigned, "Stop watching this task")
    await expect(toasts(page).filter(has_text="You no longer watch this task")).to_be_visible()
    await ann.change_task(task, status="in_review")
    await ann.comment(task, "Please have a look.")
    await assign_anew(ann, task, john)

    await shows_unread(page, 2)
    await page.keyboard.press("Escape")
    await open_bell(page)
    await lists(page, [assigned, assigned])
    await ann.comment(task, "Thank you.")
    await shows_unread(page, 3)


async def test_stopping_to_watch_can_be_undone(open_page: OpenPage, ann: Person, john: Person) -> None:
    page = await open_page(john, prepare=toasts_stay)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await shows_unread(page, 1)
    await open_bell(page)
    await choose_for_row(page, f"{ann.name} assigned you 'Fix login bug'", "Stop watching this task")

    await toasts(page).get_by_role("button", name="Undo").click()
    await expect(toasts(page).filter(has_text="You watch the task again")).to_be_visible()
    await ann.change_task(task, status="done")

    await shows_unread(page, 2)


async def test_a_row_says_every_reason_and_the_event_it_came_from(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await john.comment(task, "I have a look.")
    await ann.change_task(task, status="in_review")
    await shows_unread(page, 2)
    await open_bell(page)
    message = f"{ann.name} moved 'Fix login bug' to In review"
    await expect(rows(page).filter(has_text=message)).to_contain_text("You are assigned")

    await choose_for_row(page, message, "Why am I told?")

    why = page.get_by_role("dialog", name="Why am I told?")
    await expect(why).to_contain_text(message)
    await expect(why.get_by_role("list", name="Reasons").get_by_role("listitem")).to_have_text(
        ["The task was assigned to you.", "You commented on the task."]
    )
    (moved,) = [item for item in await john.unread() if item["message"] == message]
    answer = (await john.call("GET", f"/api/notifications/{moved['id']}/why")).json()
    await expect(why).to_contain_text(answer["event"]["id"])
    await why.get_by_role("button", name="Done").click()
    await expect(why).to_be_hidden()


async def test_a_task_says_of_each_thing_that_happened_what_became_of_it(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await shows_unread(page, 1)
    await page.goto(f"{john.addresses.api}/tasks/{task}")
    await page.get_by_role("button", name="Mute", exact=True).click()
    await expect(page.get_by_role("button", name="Muted", exact=True)).to_be_visible()
    await ann.comment(task, "Please have a look.")
    await john.comment(task, "I have a look.")
    await page.get_by_role("button", name="Muted", exact=True).click()
    await expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    await ann.change_task(task, status="in_review")
    await shows_unread(page, 2)

    await page.get_by_role("button", name="Task actions").click()
    await page.get_by_role("menuitem", name="Why was I not told?").click()

    happened = page.get_by_role("dialog", name="Why was I not told?").get_by_role("list", name="What happened")
    await expect(happened.get_by_role("listitem")).to_contain_text(
        ["You were told", "You did this yourself", "You had muted this task", "You were told"]
    )


async def test_a_mute_that_the_server_refuses_is_said(open_page: OpenPage, ann: Person, john: Person) -> None:
    page = await open_page(john)
    await ann.create_task("Fix login bug", assignee_id=john.id)
    await shows_unread(page, 1)
    await open_bell(page)
    await page.route("**/muted-tasks/*", lambda route: route.fulfill(status=500, body="broken"))

    await choose_for_row(page, f"{ann.name} assigned you 'Fix login bug'", "Mute this task")

    await expect(toasts(page).filter(has_text="The task was not muted")).to_be_visible()
    await expect(announcements(page)).to_contain_text("The task was not muted")
