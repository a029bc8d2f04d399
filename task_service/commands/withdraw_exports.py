"""Take exports back before their time: their files go at once, and they are said to have expired.

That there were some stays, so that they are counted.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from task_service.models import Export, ExportPart


async def withdraw_exports_naming(session: AsyncSession, user_id: UUID) -> int:
    """Take back everybody's exports of which a part holds the id of a person who is erased; say how many."""
    named = ExportPart.document.contains(str(user_id), autoescape=True)
    return await _withdraw(session, exists().where(ExportPart.export_id == Export.id, named))


async def withdraw_exports_of(session: AsyncSession, user_id: UUID) -> int:
    """Take back a person's own exports that have not expired; say how many."""
    return await _withdraw(session, (Export.user_id == user_id) & (Export.expires_at > datetime.now(UTC)))


async def withdraw_export(session: AsyncSession, export_id: UUID) -> None:
    """Take back one."""
    await _withdraw(session, Export.id == export_id)


async def _withdraw(session: AsyncSession, wanted: ColumnElement[bool]) -> int:
    # In one order, for two erasures at once; and parts that come at this moment are waited for, or wait and are late.
    found = (await session.scalars(select(Export.id).where(wanted).order_by(Export.id).with_for_update())).all()
    if found:
        now, plain = datetime.now(UTC), {"synchronize_session": False}
        expiring = update(Export).where(Export.id.in_(found), Export.expires_at > now).values(expires_at=now)
        await session.execute(expiring, execution_options=plain)
        await session.execute(delete(ExportPart).where(ExportPart.export_id.in_(found)), execution_options=plain)
    return len(found)
