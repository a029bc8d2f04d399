"""Go on with a session: each refresh replaces its token. Source: RFC 9700, section 4.14.2."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from infra.telemetry.logging import get_logger
from task_service.commands.errors import SessionOverError
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.user_events import session_ended
from task_service.credentials.refresh_tokens import family_hash, new_salt, next_refresh_token, refresh_hash
from task_service.models import Session, User, is_of_family

log = get_logger("sessions")


class Refreshed(NamedTuple):
    """A session that goes on, with its new token."""

    session: Session
    user: User
    refresh_token: str


async def refresh_session(unit_of_work: UnitOfWork, token: str, grace: timedelta) -> Refreshed:
    """Replace a session's token; one that was replaced before ends the session, since two hold what one was given.

    For as long as `grace` the token that was replaced last is answered with the same new token once more: its answer
    was lost, or two windows asked at once. Requests of one session take turns at its row.

    Raises:
        SessionOverError: there is no such session, it is over, or its token was used a second time.
    """
    now = datetime.now(UTC)
    async with unit_of_work.begin() as work:
        session = await work.session.scalar(
            select(Session)
            .where(is_of_family(family_hash(token)), Session.ended_at.is_(None), Session.expires_at > now)
            .with_for_update()
        )
        if session is None:
            raise SessionOverError
        following = _replaced(session, token, now, grace)
        if following is None:
            session.ended_at = now
            await work.record(session_ended(session))
        user = await work.session.get_one(User, session.user_id)
    if following is None:
        log.warning("refresh_token_reused", session=str(session.id))
        raise SessionOverError
    return Refreshed(session, user, following)


def _replaced(session: Session, token: str, now: datetime, grace: timedelta) -> str | None:
    """Give the token that follows one of the session's; None when that was replaced too long ago."""
    presented = refresh_hash(token)
    if presented == session.refresh_hash:
        salt = new_salt()
        following = next_refresh_token(token, salt)
        session.family_hash = session.family_hash or session.refresh_hash
        session.previous_hash, session.refresh_hash = presented, refresh_hash(following)
        session.successor_salt, session.rotated_at = salt, now
        return following
    if presented != session.previous_hash or session.rotated_at is None or session.successor_salt is None:
        return None
    return next_refresh_token(token, session.successor_salt) if now < session.rotated_at + grace else None
