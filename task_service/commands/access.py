"""Who may change what; no I/O.

All members see everything, and change every task: it is one team's board. Only what cannot be taken back is not
everybody's.
"""

from uuid import UUID

from task_service.models import ADMINISTRATOR


def may_delete(asker_id: UUID, role: str, made_by: UUID | None) -> bool:
    """Say whether somebody may delete a task or a comment: whoever made it may, and administrators."""
    return role == ADMINISTRATOR or asker_id == made_by


def may_administer(role: str | None) -> bool:
    """Say whether somebody may give roles and erase others; None is the role of whoever is not there any more."""
    return role == ADMINISTRATOR


def may_leave(role: str, *, others: bool, other_administrators: bool) -> bool:
    """Say whether somebody may cease to be an administrator: others there are not left without one."""
    return role != ADMINISTRATOR or other_administrators or not others
