"""Take a person's name out of events that have not left yet, or that the broker would not have."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from task_service.models import FORMER_MEMBER, outbox, outbox_set_aside


async def take_names_out(session: AsyncSession, user_id: UUID) -> int:
    """Rewrite the events that name the person; say how many there were.

    Texts that people wrote stay as they are, as they do in the tasks.
    """
    rewritten = 0
    for table in (outbox, outbox_set_aside):
        rows = await session.execute(
            select(table.c.id, table.c.body).where(table.c.body.contains(str(user_id), autoescape=True))
        )
        for row_id, body in rows.all():
            document = json.loads(body)
            if forget_name(document, str(user_id)):
                text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
                await session.execute(update(table).where(table.c.id == row_id).values(body=text))
                rewritten += 1
    return rewritten


def forget_name(document: Any, user_id: str) -> bool:  # noqa: ANN401 (any JSON)
    """Name the person a former member wherever id and name stand together; say whether they did."""
    inside = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    # Every place of it, not only the first.
    found = sum(forget_name(each, user_id) for each in inside) > 0
    if isinstance(document, dict) and document.get("id") == user_id and "name" in document:
        document["name"] = FORMER_MEMBER
        return True
    return found
