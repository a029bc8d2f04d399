"""The invoices of this service, which knows nothing of Taskify here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Invoice:
    """`owner` is the id of a person of Taskify."""

    number: int
    owner: str
    due: date
    paid: bool = False


def overdue(invoices: Iterable[Invoice], today: date) -> list[Invoice]:
    """Give those that should have been paid before today."""
    return [invoice for invoice in invoices if not invoice.paid and invoice.due < today]
