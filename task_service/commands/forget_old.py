"""Remove what is kept for a time only: files of exports, the exports, receipts of erasures, and sessions.

A session goes as soon as it is over, at the next login of its person or here. Nothing asks for one any more: a session
that is not there is refused like one that is over, and the event of its end is in the outbox since it ended.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select

from infra.clock import Clock, system_clock
from task_service.commands.unit_of_work import UnitOfWork
from task_service.models import Erasure, Export, ExportPart, Session, over_at

EXPIRED_EXPORTS_LIFE = timedelta(days=7)
"""For how long it is said of an export that it has expired. Longer than a day, in which exports are counted."""

_AT_ONCE = 100


async def forget_old(unit_of_work: UnitOfWork, receipt_life: timedelta, clock: Clock = system_clock) -> int:
    """Remove some of what is too old, a hundred things of each kind at most; say how many rows it were."""
    now = clock()
    removed = 0
    for statement in (_expired_parts, _old_exports, _old_receipts, _over_sessions):
        async with unit_of_work.begin() as work:
            done = await work.session.execute(statement(now, receipt_life))
            removed += cast("CursorResult[Any]", done).rowcount
    return removed


def _expired_parts(now: datetime, _: timedelta) -> Any:  # noqa: ANN401 (a statement)
    expired = (
        select(Export.id)
        .join(ExportPart, ExportPart.export_id == Export.id)
        .where(Export.expires_at <= now)
        .distinct()
        .limit(_AT_ONCE)
    )
    return _plain(delete(ExportPart).where(ExportPart.export_id.in_(expired)))


def _old_exports(now: datetime, _: timedelta) -> Any:  # noqa: ANN401 (a statement)
    old = select(Export.id).where(Export.expires_at <= now - EXPIRED_EXPORTS_LIFE).limit(_AT_ONCE)
    return _plain(delete(Export).where(Export.id.in_(old)))


def _old_receipts(now: datetime, receipt_life: timedelta) -> Any:  # noqa: ANN401 (a statement)
    old = select(Erasure.id).where(Erasure.requested_at <= now - receipt_life).limit(_AT_ONCE)
    return _plain(delete(Erasure).where(Erasure.id.in_(old)))


def _over_sessions(now: datetime, _: timedelta) -> Any:  # noqa: ANN401 (a statement)
    over = (
        select(Session.id)
        .where(over_at() <= now)
        .order_by(over_at())
        .limit(_AT_ONCE)
        # Whoever refreshes one at this moment, or removes it at a login, is not waited for.
        .with_for_update(skip_locked=True)
    )
    return _plain(delete(Session).where(Session.id.in_(over)))


def _plain(statement: Any) -> Any:  # noqa: ANN401 (a statement)
    return statement.execution_options(synchronize_session=False)
