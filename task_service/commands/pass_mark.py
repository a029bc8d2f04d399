"""Say that a mark in a queue was reached, to whoever has put it there."""

from sqlalchemy import func, select

from task_service.commands.unit_of_work import UnitOfWork


def channel_of(mark: str) -> str:
    """Name the channel of the database on which it is told that a mark was reached."""
    return f"drained_{mark}"


async def pass_mark(unit_of_work: UnitOfWork, mark: str) -> bool:
    """Tell; nothing is kept, so whoever waits for it must listen before. It changes nothing, and says so."""
    async with unit_of_work.begin() as work:
        await work.session.execute(select(func.pg_notify(channel_of(mark), "")))
    return False
