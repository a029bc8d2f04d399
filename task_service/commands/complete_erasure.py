"""Note in a receipt what another service has answered."""

from datetime import UTC, datetime

from sqlalchemy import delete, select

from contracts.events.user import UserErasureCompletedData
from task_service.commands.scrubbing import take_names_out
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.withdraw_exports import withdraw_exports_naming
from task_service.models import Erasure, ErasureService, Watcher


async def note_answer(unit_of_work: UnitOfWork, answer: UserErasureCompletedData) -> bool:
    """Replace what the service has said before; say whether that changed anything. With nothing pending it is final.

    With the last of these answers the erasure is complete. What was under way when it began, and was written a moment
    later, goes then: names in events, watched tasks, and other people's exports that name the person.
    """
    async with unit_of_work.begin() as work:
        erasure = await work.session.scalar(
            select(Erasure).where(Erasure.id == answer.erasure_id, Erasure.user_id == answer.user_id).with_for_update()
        )
        if erasure is None:
            return False
        services = (
            await work.session.scalars(select(ErasureService).where(ErasureService.erasure_id == erasure.id))
        ).all()
        service = next((one for one in services if one.service == answer.service), None)
        if service is None or service.completed_at is not None:
            return False
        now = datetime.now(UTC)
        service.answered_at = service.answered_at or now
        service.removed = [one.model_dump(mode="json") for one in answer.removed]
        service.pending = [one.model_dump(mode="json") for one in answer.pending]
        service.completed_at = None if answer.pending else now
        if all(one.completed_at is not None for one in services):
            erasure.completed_at = now
            await take_names_out(work.session, erasure.user_id)
            await work.session.execute(
                delete(Watcher).where(Watcher.user_id == erasure.user_id),
                execution_options={"synchronize_session": False},
            )
            await withdraw_exports_naming(work.session, erasure.user_id)
        # Nothing else of this session is flushed by itself.
        await work.session.flush()
    return True
