"""Whether a message names somebody who is erased, and whether it may."""

import re
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import UnreadableEventError, parse_event
from contracts.events.user import UserErased, UserErasureCompleted
from notification_worker.models import users

_ID = re.compile(rb"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_ERASED = select(
    exists().where(users.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))), users.c.erased_at.is_not(None))
)


def is_of_an_erasure(body: bytes) -> bool:
    """Say whether a message is one by which erasures go on: those hold ids only, and may have to be replayed."""
    try:
        return isinstance(parse_event(body), UserErased | UserErasureCompleted)
    except UnreadableEventError:
        return False


async def names_somebody_erased(database: AsyncEngine, words: bytes) -> bool:
    """Say whether there is the id of an erased person among some words; a name never comes without."""
    ids = {UUID(found.decode()) for found in _ID.findall(words)}
    if not ids:
        return False
    async with database.connect() as connection:
        return bool(await connection.scalar(_ERASED, {"ids": sorted(ids)}))
