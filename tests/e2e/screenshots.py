"""`make screenshots`: docs/images of what a person sees of notifications, from a system of its own with the demo in it.

Everything that is drawn is made anew through the APIs, by the people of the demo; only the times at which Ann was told
are moved apart in the database, since nobody waits a day for a picture.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import chain, count
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from playwright.async_api import Page, async_playwright, expect

from infra.local.demo import PASSWORD, PEOPLE
from tests.support.browser import (
    DESKTOP,
    PHONE,
    OpenPage,
    bell,
    connection_line,
    dropdown,
    launched,
    open_bell,
    open_panel,
    panel,
    rows,
)
from tests.support.people import Json, Person
from tests.support.system import REPOSITORY, System

FOLDER = REPOSITORY / "docs" / "images"
MOST_BYTES = 200_000

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": DESKTOP},
    "phone": {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
}
LOOKS: dict[str, dict[str, Any]] = {
    f"{scheme}-{size}": {"color_scheme": scheme, "reduced_motion": "reduce", **context}
    for scheme in ("light", "dark")
    for size, context in SIZES.items()
}

AGES = [timedelta(minutes=minutes) for minutes in (2, 11, 25, 58, 150, 260)]
"""How long ago Ann was told, from the newest row on; and each older row a day before the one above it."""

MOVE_APART = """
    UPDATE notifications SET created_at = created_at - $2::interval, updated_at = updated_at - $2::interval
    WHERE id = $1
"""
MOVE_MEMBERS = "UPDATE notification_members SET created_at = created_at - $2::interval WHERE notification_id = $1"


async def log_in(http: httpx.AsyncClient, system: System, name: str, email: str) -> Person:
    """Be one of the people of the demo."""
    answer = await http.post(f"{system.addresses.api}/api/auth/login", json={"email": email, "password": PASSWORD})
    token = answer.raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    me = (await http.get(f"{system.addresses.api}/api/users/me", headers=headers)).raise_for_status().json()
    return Person(me["id"], name, email, token, system.addresses, http)


async def let_people_work(people: dict[str, Person]) -> None:
    """Fill Ann's inbox: what was read long ago, talk that is one row, and some news."""
    ann, john, maria, kofi, yuki = people.values()
    tasks: dict[str, Json] = {
        task["title"]: task for task in (await ann.call("GET", "/api/tasks", params={"limit": 100})).json()["items"]
    }
    search, notes, login, workshop = (
        tasks[title]["id"]
        for title in (
            "Slow search on large boards",
            "Write the release notes",
            "Fix login bug",
            "Plan the offline workshop",
        )
    )
    await ann.call("POST", "/api/notifications/read-all", json={"up_to_seq": (await ann.sync())["latest_seq"]})
    await yuki.comment(search, "3.1 s before, 140 ms after.")
    await yuki.change_task(search, status="in_review")
    await kofi.change_task(notes, assignee_id=maria.id)
    await maria.change_task(workshop, status="in_progress")
    await kofi.create_task("Say why a login was refused", assignee_id=ann.id)
    for author, text in (
        (john, "The fix is ready, please have a look."),
        (maria, "Both customers say that it works."),
        (kofi, "And with a plus sign in the address?"),
        (john, "That too."),
    ):
        await author.comment(login, text)
    await maria.change_task(notes, assignee_id=ann.id)


async def move_apart(system: System, ann: Person) -> None:
    """Wait until all of it has come, and move the times of Ann's rows apart."""
    async with ann.window() as window:
        await window.until(lambda seen: any("and 2 others" in item["message"] for item in seen.unread), "the talk")
        await window.until(lambda seen: any("release notes" in item["message"] for item in seen.unread), "the notes")
    connection = await asyncpg.connect(system.environment["TASKIFY_NOTIFICATION_DATABASE_URL"])
    ids = await connection.fetch(
        "SELECT id FROM notifications WHERE user_id = $1 ORDER BY created_at DESC", UUID(ann.id)
    )
    ages = chain(AGES, (AGES[-1] + timedelta(days=days) for days in count(1)))
    for (row,), age in zip(ids, ages, strict=False):
        for statement in (MOVE_APART, MOVE_MEMBERS):
            await connection.execute(statement, row, age)
    await connection.close()


async def draw_bell(page: Page) -> None:
    await open_bell(page)
    await expect(rows(page).first).to_be_visible()


async def draw_panel(page: Page) -> None:
    await open_panel(page)
    await page.get_by_role("button", name="Show 4 comments").click()
    await expect(page.locator("[data-member]")).to_have_count(4)
    await panel(page).focus()


async def draw_preferences(page: Page) -> None:
    await page.goto(f"{page.url.rstrip('/')}/preferences")
    await expect(page.get_by_role("radiogroup").first).to_be_visible()


async def draw_offline(page: Page) -> None:
    await open_bell(page)
    await expect(rows(page).first).to_be_visible()
    await page.context.set_offline(offline=True)
    await expect(connection_line(page)).to_be_visible()


async def draw_empty(page: Page) -> None:
    await open_bell(page)
    await expect(dropdown(page).get_by_text("Nothing yet")).to_be_visible()


OF_ANN: dict[str, Callable[[Page], Awaitable[None]]] = {
    "bell": draw_bell,
    "panel": draw_panel,
    "preferences": draw_preferences,
    "offline": draw_offline,
}


async def draw(opener: OpenPage, ann: Person, newcomer: Person) -> None:
    """Take every picture in every look."""
    for look, context in LOOKS.items():
        for name, prepare in OF_ANN.items():
            page = await opener(ann, password=PASSWORD, **context)
            await take(page, f"{name}-{look}", prepare)
        await take(await opener(newcomer, **context), f"empty-{look}", draw_empty)


async def take(page: Page, name: str, prepare: Callable[[Page], Awaitable[None]]) -> None:
    await expect(page.locator("[data-card]").first).to_be_visible()
    await prepare(page)
    await page.mouse.move(0, 0)
    await page.evaluate("document.fonts.ready")
    await expect(bell(page)).to_be_attached()
    file = FOLDER / f"{name}.png"
    size = len(await page.screenshot(path=file, animations="disabled"))
    await page.context.close()
    sys.stdout.write(f"{file.relative_to(REPOSITORY)}  {size // 1000} kB\n")
    assert size < MOST_BYTES, f"{file} is too big to be kept"


async def main() -> None:
    """Start a system, let people work, take the pictures, stop it."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="taskify-screenshots-") as folder:
        async with (
            System.started(Path(folder)) as system,
            httpx.AsyncClient(trust_env=False, timeout=30) as http,
            async_playwright() as playwright,
        ):
            people = {person.name: await log_in(http, system, person.name, person.email) for person in PEOPLE}
            newcomer = await Person.register(http, system.addresses, "Sofia")
            await let_people_work(people)
            await move_apart(system, people["Ann"])
            browser = await launched(playwright.chromium)
            opener = OpenPage(system.addresses, browser)
            await draw(opener, people["Ann"], newcomer)
            await opener.close()
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
