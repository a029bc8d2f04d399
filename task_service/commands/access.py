"""Who may change what; no I/O.

All members see everything, and change every task: it is one team's board. Only what cannot be taken back is not
everybody's.
"""

from uuid import UUID

from task_service.models import ADMINISTRATOR


def may_delete(asker_id: UUID, role: str, made_by: UUID | None) -> bool:
    """Say whether somebody may delete a task or a comment: whoever made it may, and administrators."""
    return role == ADMINISTRATOR or asker_id == made_by
