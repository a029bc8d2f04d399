"""What a person decides in the preferences holds from the next event on, for Taskify's own types and for others'."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.browser import (
    OpenPage,
    announcements,
    lists,
    lists_in_any_order,
    open_bell,
    rows,
    shows_unread,
    toasts,
)
from tests.support.notification_events import requested
from tests.support.people import Person
from tests.support.system import OtherService, System

pytestmark = pytest.mark.e2e

DEADLINE_SECONDS = 120
POLL_SECONDS = 0.1
QUARTER, HOUR = 15, 60
"""In minutes."""


@pytest.fixture
async def waiting(system: System) -> AsyncIterator["Waiting"]:
    connection = await asyncpg.connect(system.environment["TASKIFY_NOTIFICATION_DATABASE_URL"])
    yield Waiting(connection)
    await connection.close()


@dataclass
class Waiting:
    """What waits for digests, in the database: nobody else can make an hour pass."""

    connection: asyncpg.Connection

    async def holds(self, person: Person, count: int) -> None:
        """Wait until so much waits."""
        counting = "SELECT count(*) FROM notification_members WHERE user_id = $1 AND due_at IS NOT NULL"
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await self.connection.fetchval(counting, UUID(person.id)) != count:
                await asyncio.sleep(POLL_SECONDS)

    async def is_due(self, person: Person) -> None:
        """Let the time come for all that waits."""
        let_pass = "UPDATE notification_members SET due_at = now() WHERE user_id = $1 AND due_at IS NOT NULL"
        await self.connection.execute(let_pass, UUID(person.id))


async def with_digests_far_away(person: Person) -> None:
    """Let the person live where neither the hour nor the time of the daily digest is near: none comes by itself."""
    minute = datetime.now(UTC).minute
    zone = "UTC" if QUARTER <= minute < HOUR - QUARTER else "Asia/Kolkata"
    elsewhere = datetime.now(ZoneInfo(zone)) + timedelta(hours=12)
    await person.prefer(timezone=zone, daily_at=f"{elsewhere:%H:%M}")


async def open_preferences(page: Page) -> None:
    await page.goto(f"{page.url.split('/tasks')[0].rstrip('/')}/preferences")
    await expect(page.get_by_role("heading", name="Preferences", level=1)).to_be_visible()


def frequency(page: Page, kind: str, name: str) -> Locator:
    return page.get_by_role("radiogroup", name=kind).get_by_role("radio", name=name)


async def choose_frequency(page: Page, kind: str, name: str) -> None:
    async with page.expect_response(
        lambda answer: answer.url.endswith("/preferences") and answer.request.method == "PUT"
    ) as saved:
        await frequency(page, kind, name).click()
    assert (await saved.value).ok
    await expect(frequency(page, kind, name)).to_be_checked()


async def test_a_type_that_is_off_is_told_no_more_and_the_others_still_are(
    open_page: OpenPage, ann: Person, john: Person
) -> None:
    page = await open_page(john)
    await open_preferences(page)

    await choose_frequency(page, "Comments", "Off")
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await ann.comment(task, "Please have a look.")
    await ann.change_task(task, status="in_review")

    await shows_unread(page, 2)
    await open_bell(page)
    await lists(page, [f"{ann.name} moved 'Fix login bug' to In review", f"{ann.name} assigned you 'Fix login bug'"])
    await page.reload()
    await expect(frequency(page, "Comments", "Off")).to_be_checked()

    await choose_frequency(page, "Comments", "Instant")
    await ann.comment(task, "And now?")
    await shows_unread(page, 3)


@pytest.mark.parametrize("often", ["Hourly", "Daily"])
async def test_what_waits_for_a_digest_comes_in_one_notification_that_leads_to_each(
    open_page: OpenPage, waiting: Waiting, ann: Person, john: Person, often: str
) -> None:
    await with_digests_far_away(john)
    page = await open_page(john)
    await open_preferences(page)
    await choose_frequency(page, "Comments", often)
    await choose_frequency(page, "Status changes", often)
    task = (await ann.create_task("Fix login bug", assignee_id=john.id))["id"]
    await ann.comment(task, "Please have a look.")
    await ann.change_task(task, status="in_review")
    await shows_unread(page, 1)

    await waiting.holds(john, 2)
    await waiting.is_due(john)

    await shows_unread(page, 2)
    await open_bell(page)
    digest = rows(page).filter(has_text=f"Your {often.lower()} digest: 2 updates")
    await digest.get_by_role("button", name="Show 2 notifications").click()
    members = digest.locator("[data-member]").get_by_role("link")
    await expect(members).to_have_text(
        [f"{ann.name} moved 'Fix login bug' to In review", f"{ann.name} commented on 'Fix login bug'"],
        use_inner_text=True,
    )
    await members.first.click()
    await expect(page.get_by_role("complementary", name="Fix login bug")).to_be_visible()


async def test_what_waits_is_told_at_once_when_its_type_is_made_instant(
    open_page: OpenPage, waiting: Waiting, ann: Person, john: Person
) -> None:
    await with_digests_far_away(john)
    page = await open_page(john)
    await open_preferences(page)
    await choose_frequency(page, "Assignments", "Daily")
    await ann.create_task("Fix login bug", assignee_id=john.id)
    await waiting.holds(john, 1)

    await choose_frequency(page, "Assignments", "Instant")

    await shows_unread(page, 1)


async def test_a_kind_of_another_service_is_shown_and_can_be_turned_off(
    system: System, open_page: OpenPage, john: Person
) -> None:
    kind = f"invoice_paid_{uuid4().hex[:6]}"
    name = kind.replace("_", " ").capitalize()
    page = await open_page(john)
    async with OtherService.of(system, "billing") as billing:
        await billing.publish(
            requested([UUID(john.id)], kind=kind, message="Invoice 7 was <b>paid</b>", link="https://example.com/7")
        )
        await shows_unread(page, 1)
        await open_bell(page)
        link = rows(page).get_by_role("link", name="Invoice 7 was <b>paid</b>")
        assert await link.get_attribute("href") == "https://example.com/7"
        await expect(rows(page)).to_contain_text("Sent to you")

        await page.get_by_role("button", name="More: Invoice 7").click()
        await page.get_by_role("menuitem", name=name).click()
        await expect(frequency(page, name, "Instant")).to_be_focused()
        await choose_frequency(page, name, "Off")
        other = "something_else"
        await billing.publish(requested([UUID(john.id)], kind=kind, message="Invoice 8 was paid"))
        await billing.publish(requested([UUID(john.id)], kind=other, message="Something else"))

        await shows_unread(page, 2)
        await open_bell(page)
        await lists_in_any_order(page, ["Invoice 7 was <b>paid</b>", "Something else"])


async def test_a_choice_that_the_server_refuses_is_taken_back_and_said(open_page: OpenPage, john: Person) -> None:
    page = await open_page(john)
    await open_preferences(page)
    await expect(frequency(page, "Comments", "Instant")).to_be_checked()
    await page.route(
        "**/api/notifications/preferences",
        lambda route: route.fulfill(status=503, body="away") if route.request.method == "PUT" else route.continue_(),
    )

    await frequency(page, "Comments", "Off").click()

    await expect(toasts(page).filter(has_text="Not saved: Comments: Off")).to_be_visible()
    await expect(announcements(page)).to_contain_text("Not saved: Comments: Off")
    await expect(frequency(page, "Comments", "Instant")).to_be_checked()
