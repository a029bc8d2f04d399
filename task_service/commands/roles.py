"""Who administers the workspace: as long as it has people, somebody does."""

from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from infra.telemetry.logging import get_logger
from task_service.commands.access import may_administer, may_leave
from task_service.commands.errors import LastAdministratorError, NotAdministratorError, UnknownUserError
from task_service.commands.unit_of_work import UnitOfWork
from task_service.models import ADMINISTRATOR, MEMBER, User

_ROLES_LOCK = 0x7461736B
"""Key of an advisory lock: who registers, is erased, or gets another role does so one after the other."""

log = get_logger("administration")


async def take_turns(session: AsyncSession) -> None:
    """Until the end of the transaction nobody else becomes, or stops being, a member or an administrator."""
    await session.execute(select(func.pg_advisory_xact_lock(_ROLES_LOCK)))


async def check_administrator(session: AsyncSession, user_id: UUID) -> None:
    """Let only an administrator go on.

    Raises:
        NotAdministratorError: the person is none.
    """
    user = await session.get(User, user_id)
    if not may_administer(None if user is None else user.role):
        raise NotAdministratorError


async def check_one_remains(session: AsyncSession, leaving: User) -> None:
    """Let nobody go who leaves others without an administrator; turns are being taken.

    Raises:
        LastAdministratorError: that would be so.
    """
    others = exists().where(User.id != leaving.id, User.erased_at.is_(None))
    another = exists().where(User.id != leaving.id, User.erased_at.is_(None), User.role == ADMINISTRATOR)
    people, administrators = (await session.execute(select(others, another))).one()
    if not may_leave(leaving.role, others=people, other_administrators=administrators):
        raise LastAdministratorError


async def change_role(unit_of_work: UnitOfWork, actor_id: UUID, user_id: UUID, *, administrator: bool) -> None:
    """Make somebody an administrator, or a plain member again; once more changes nothing.

    Raises:
        NotAdministratorError: the actor is none.
        UnknownUserError: there is no such person.
        LastAdministratorError: nobody would be one any more.
    """
    async with unit_of_work.begin() as work:
        await take_turns(work.session)
        await check_administrator(work.session, actor_id)
        user = await work.session.scalar(
            select(User).where(User.id == user_id, User.erased_at.is_(None)).with_for_update(key_share=True)
        )
        if user is None:
            raise UnknownUserError
        if not administrator:
            await check_one_remains(work.session, user)
        user.role = ADMINISTRATOR if administrator else MEMBER
    log.info("role_given", actor=str(actor_id), person=str(user_id), administrator=administrator)
