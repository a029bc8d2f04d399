"""Invoices to test with."""

from datetime import date

from billing.invoices import Invoice


def invoice_of(owner: str, number: int = 42) -> Invoice:
    """Give an invoice that was due long ago."""
    return Invoice(number, owner, due=date(2020, 1, 1))
