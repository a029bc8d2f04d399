"""One look for overdue invoices: `AMQP_URL=amqp://billing:…@…/taskify python -m billing`; a timer starts it."""

import asyncio
import os
from datetime import UTC, date, datetime

from billing.invoices import Invoice, overdue
from billing.notices import overdue_notice
from billing.sending import send

INVOICES = (Invoice(42, "019a5c1e-9999-7aaa-8bbb-00000000000a", date(2030, 1, 1)),)
"""Stands for a database."""


async def main(amqp_url: str) -> None:
    """Have the owners of overdue invoices told."""
    today = datetime.now(UTC).date()
    await send(amqp_url, [overdue_notice(invoice) for invoice in overdue(INVOICES, today)])


if __name__ == "__main__":
    asyncio.run(main(os.environ["AMQP_URL"]))
