"""Services in other languages, with no code of ours: what they send reaches the person's open window."""

import asyncio
import os
from pathlib import Path
from uuid import uuid4

import pytest

from infra.local.logged import REPOSITORY
from infra.local.node import node
from tests.support.people import Person
from tests.support.system import OtherService, System

SEND_SECONDS = 180
NODE = (str(node()), "examples/node-sender/send.mjs")
SHELL = ("examples/amqp-publish.sh",)


async def send(sender: tuple[str, ...], url: str, *arguments: str) -> tuple[int | None, str]:
    """Run an example with nothing but the broker's address; give its exit code and what it says of trouble."""
    process = await asyncio.create_subprocess_exec(
        *(sender if Path(sender[0]).is_absolute() else (str(REPOSITORY / sender[0]),)),
        *arguments,
        cwd=REPOSITORY,
        env={"PATH": os.defpath, "AMQP_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SEND_SECONDS):
        _, trouble = await process.communicate()
    return process.returncode, trouble.decode()


@pytest.mark.parametrize("sender", [NODE, SHELL], ids=["amqplib", "amqp-publish"])
async def test_an_event_of_a_service_in_another_language_reaches_the_window(
    system: System, john: Person, sender: tuple[str, ...]
) -> None:
    async with OtherService.of(system, "billing") as billing, john.window() as window:
        message = 'Invoice 42 is "overdue"'

        assert await send(sender, billing.url, "invoice_overdue", message, john.id) == (0, "")

        await window.until(lambda seen: len(seen.unread) == 1, "the invoice")
    (shown,) = window.unread
    assert (shown["type"], shown["message"], shown["reasons"]) == ("invoice_overdue", message, ["requested"])
    assert [frame["type"] for frame in window.frames] == ["NOTIFICATION"]


async def test_several_people_are_told_by_one_event(system: System, ann: Person, john: Person) -> None:
    async with OtherService.of(system, "billing") as billing, ann.window() as anns, john.window() as johns:
        assert await send(NODE, billing.url, "invoice_paid", "Invoice 7 was paid", ann.id, john.id) == (0, "")

        for window in (anns, johns):
            await window.until(lambda seen: len(seen.unread) == 1, "the invoice")


async def test_a_service_that_the_broker_does_not_know_is_told_that_nothing_was_sent(
    system: System, john: Person
) -> None:
    async with OtherService.of(system, "billing") as billing:
        unknown = billing.url.replace("//billing:", f"//{uuid4().hex[:8]}:")

        for sender in (NODE, SHELL):
            code, trouble = await send(sender, unknown, "invoice_paid", "Invoice 7 was paid", john.id)

            assert code == 1
            assert "ACCESS_REFUSED" in trouble or "403" in trouble, trouble

    assert await john.unread() == []
