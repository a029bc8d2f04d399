"""Through the real broker and a real Taskify, up to the open windows of people."""

from taskify_testkit import Taskify

from billing.notices import overdue_notice
from billing.sending import send
from tests.invoices import invoice_of


async def test_an_overdue_invoice_reaches_its_owner(taskify: Taskify) -> None:
    owner = await taskify.person()

    await send(taskify.amqp_url, [overdue_notice(invoice_of(owner.id))])

    seen = await owner.next_notification(kind="invoice_overdue")
    assert seen.message == "Invoice 42 is overdue"
    assert seen.link == "https://billing.example/invoices/42"
    await taskify.assert_sent_as_agreed()


async def test_nobody_but_the_owner_is_told(taskify: Taskify) -> None:
    owner, _ = await taskify.people(2)

    await send(taskify.amqp_url, [overdue_notice(invoice_of(owner.id))])

    await owner.next_notification(kind="invoice_overdue")
    await taskify.nobody_else_told()


async def test_an_invoice_that_is_sent_twice_is_told_once(taskify: Taskify) -> None:
    owner = await taskify.person()
    notice = overdue_notice(invoice_of(owner.id))

    await send(taskify.amqp_url, [notice, notice])

    await owner.next_notification(kind="invoice_overdue")
    await taskify.nobody_else_told()


def test_works_without_a_loop_of_its_own_too(taskify: Taskify) -> None:
    owner = taskify.run(taskify.person())

    taskify.run(send(taskify.amqp_url, [overdue_notice(invoice_of(owner.id))]))

    assert taskify.run(owner.next_notification()).message == "Invoice 42 is overdue"
