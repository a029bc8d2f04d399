"""Five mistakes that this service could make, and what the test kit says of each; the texts stand in `messages`."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from taskify_testkit import Contract, InvalidEventError, Taskify, UnexpectedError

from billing.notices import overdue_notice
from billing.sending import send
from tests.invoices import invoice_of

MESSAGES = Path(__file__).parent / "messages"
NOBODY = "00000000-0000-4000-8000-00000000dead"

_IDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r'"time": "[^"]+"')

Mistake = Callable[[dict[str, Any]], object]

MISTAKES: dict[str, Mistake] = {
    "wrong_type": lambda event: event.update(type="taskify.notification.request.v1"),
    "unknown_recipient": lambda event: event["data"].update(recipients=[NOBODY]),
    "foreign_source": lambda event: event.update(source="/accounting"),
    "missing_field": lambda event: event["data"].pop("message"),
}


def is_as_written(name: str, error: BaseException) -> bool:
    """Hold a text against the one in its file, with ids and times that differ each time made the same."""
    text = _TIME.sub('"time": "2030-01-01T12:00:00+00:00"', str(error))
    for number, found in enumerate(dict.fromkeys(each for each in _IDS.findall(text) if each != NOBODY), start=1):
        text = text.replace(found, f"019a5c20-0000-7000-8000-{number:012d}")
    file = MESSAGES / f"{name}.txt"
    assert text + "\n" == file.read_text()
    return True


@pytest.mark.parametrize("name", ["wrong_type", "foreign_source", "missing_field"])
def test_a_mistake_is_told_before_sending(taskify_contract: Contract, name: str) -> None:
    event = deepcopy(overdue_notice(invoice_of("019a5c1e-9999-7aaa-8bbb-00000000000a")))
    MISTAKES[name](event)

    with pytest.raises(InvalidEventError) as raised:
        taskify_contract.assert_valid(event)

    assert is_as_written(f"{name}_before_sending", raised.value)


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_is_told_when_nothing_arrives(taskify: Taskify, name: str) -> None:
    owner = await taskify.person()
    event = overdue_notice(invoice_of(owner.id))
    MISTAKES[name](event)

    await send(taskify.amqp_url, [event])

    with pytest.raises(UnexpectedError) as raised:
        await owner.next_notification(kind="invoice_overdue", within=1)
    assert is_as_written(name, raised.value)


async def test_it_is_told_when_nobody_listens(taskify: Taskify) -> None:
    owner = await taskify.person()

    await send(taskify.amqp_url, [overdue_notice(invoice_of(owner.id))], routing_key="billing.invoice.overdue")

    with pytest.raises(UnexpectedError) as raised:
        await owner.next_notification(kind="invoice_overdue", within=1)
    assert is_as_written("nobody_listening", raised.value)


async def test_it_is_told_when_no_window_is_open(taskify: Taskify) -> None:
    owner = await taskify.person()
    await owner.close_window()

    await send(taskify.amqp_url, [overdue_notice(invoice_of(owner.id))])

    with pytest.raises(UnexpectedError) as raised:
        await owner.next_notification(kind="invoice_overdue", within=1)
    assert is_as_written("no_window", raised.value)


async def test_it_is_told_who_was_told_instead(taskify: Taskify) -> None:
    owner, other = await taskify.people(2)

    await send(taskify.amqp_url, [overdue_notice(invoice_of(other.id))])

    with pytest.raises(UnexpectedError) as raised:
        await owner.next_notification(kind="invoice_overdue", within=1)
    assert is_as_written("somebody_else", raised.value)
    with pytest.raises(UnexpectedError) as raised:
        await taskify.nobody_else_told()
    assert is_as_written("more_people", raised.value)


async def test_it_is_told_when_the_person_does_not_want_to_know(taskify: Taskify) -> None:
    owner = await taskify.person()
    await owner.prefer(invoice_overdue="off")

    await send(taskify.amqp_url, [overdue_notice(invoice_of(owner.id))])

    with pytest.raises(UnexpectedError) as raised:
        await owner.next_notification(kind="invoice_overdue", within=1)
    assert is_as_written("held_back", raised.value)
