"""The receipt of an erasure."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from task_service.models import Erasure, ErasureService, Receipt


async def find_receipt(session: AsyncSession, erasure_id: UUID) -> Receipt | None:
    """Find a receipt; its id is all that one needs to know."""
    erasure = await session.get(Erasure, erasure_id)
    if erasure is None:
        return None
    services = await session.scalars(
        select(ErasureService).where(ErasureService.erasure_id == erasure_id).order_by(ErasureService.service)
    )
    return Receipt(erasure, services.all())
