"""Before anything is sent: these tests need no container, and take milliseconds."""

from datetime import date
from uuid import uuid4

import pytest
from taskify_testkit import Contract, InvalidEventError

from billing.invoices import Invoice, overdue
from billing.notices import overdue_notice
from tests.invoices import invoice_of

TODAY = date(2030, 1, 15)


def test_an_invoice_is_overdue_from_the_day_after_it_was_due() -> None:
    late, today, paid = (
        Invoice(1, "a", date(2030, 1, 14)),
        Invoice(2, "a", TODAY),
        Invoice(3, "a", date(2030, 1, 1), True),
    )

    assert overdue([late, today, paid], TODAY) == [late]


def test_a_notice_is_what_taskify_takes(taskify_contract: Contract) -> None:
    taskify_contract.assert_valid(overdue_notice(invoice_of(str(uuid4()))))


def test_a_notice_to_nobody_is_not_valid(taskify_contract: Contract) -> None:
    notice = overdue_notice(invoice_of(str(uuid4())))
    notice["data"]["recipients"] = []

    with pytest.raises(InvalidEventError, match=r"data\.recipients"):
        taskify_contract.assert_valid(notice)


def test_an_invoice_is_told_of_by_the_same_event_whenever_it_is_found() -> None:
    invoice = invoice_of(str(uuid4()))

    assert overdue_notice(invoice)["id"] == overdue_notice(invoice)["id"]
    assert overdue_notice(invoice)["id"] != overdue_notice(invoice_of(invoice.owner, number=43))["id"]
