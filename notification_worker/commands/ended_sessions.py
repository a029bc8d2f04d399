"""Sessions that have ended, while an access token of theirs would still be good."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.user import SessionEnded
from contracts.tokens import Principal
from infra.auth import TokenInvalidError
from infra.clock import Clock, system_clock
from infra.database.direct import Statement, read
from notification_worker.commands.apply_observer import UNOBSERVED, ApplyObserver
from notification_worker.models import ended_sessions, users

KEPT = timedelta(minutes=16)
"""The longest life of an access token, and a minute for clocks that differ."""

FORGOTTEN_AT_ONCE = 200
"""More than the sessions that one batch ends, so that the rows do not pile up."""

_ROWS = ended_sessions.c
_IS_OVER = Statement(
    select(
        or_(
            exists().where(_ROWS.session_id == bindparam("of_session")),
            exists().where(users.c.id == bindparam("of_user"), users.c.erased_at.is_not(None)),
        )
    )
)
_OLDEST = (
    select(_ROWS.session_id)
    .where(_ROWS.noted_at < bindparam("before"))
    .order_by(_ROWS.noted_at)
    .limit(FORGOTTEN_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_FORGET = delete(ended_sessions).where(_ROWS.session_id.in_(_OLDEST))


async def end_sessions(
    database: AsyncEngine,
    events: Sequence[AnyEvent],
    *,
    clock: Clock = system_clock,
    observer: ApplyObserver = UNOBSERVED,
) -> None:
    """Note which sessions have ended, and forget those whose last token is dead. Doing it twice is doing it once.

    Of events of other types nothing is noted.
    """
    now = clock()
    endings = [event for event in events if isinstance(event, SessionEnded)]
    if not endings:
        return
    ended = sorted({event.data.session_id for event in endings})
    async with database.begin() as connection:
        await connection.execute(
            insert(ended_sessions).on_conflict_do_nothing(), [{"session_id": one, "noted_at": now} for one in ended]
        )
        await connection.execute(_FORGET, {"before": now - KEPT})
    observer.applied(endings)


async def refuse_ended(database: AsyncEngine, principal: Principal) -> None:
    """Let nobody in whose session has ended, or who is erased, although their token has not expired.

    Raises:
        TokenInvalidError: it is so.
    """
    found = await read(
        database,
        lambda connection: connection.fetch(_IS_OVER, of_session=principal.session_id, of_user=principal.user_id),
    )
    if found[0][0]:
        raise TokenInvalidError("the session has ended")
