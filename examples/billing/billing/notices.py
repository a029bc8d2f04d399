"""What Taskify is asked to tell, as an event: JSON, by Taskify's contract."""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from billing.invoices import Invoice

TYPE = "taskify.notification.requested.v1"
SOURCE = "/billing"
KIND = "invoice_overdue"


def overdue_notice(invoice: Invoice) -> dict[str, Any]:
    """Make the event that has an invoice's owner told.

    Its id comes from the invoice: however often it is sent, its owner is told once.
    """
    link = f"https://billing.example/invoices/{invoice.number}"
    return {
        "specversion": "1.0",
        "id": str(uuid5(NAMESPACE_URL, f"{link}#{KIND}-{invoice.owner}")),
        "type": TYPE,
        "source": SOURCE,
        "subject": f"invoice-{invoice.number}",
        "time": datetime.now(UTC).isoformat(),
        "data": {
            "recipients": [invoice.owner],
            "kind": KIND,
            "message": f"Invoice {invoice.number} is overdue",
            "link": link,
        },
    }
