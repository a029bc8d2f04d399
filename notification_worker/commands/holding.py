"""What is told later waits as a member of no row yet, and takes no number until its digest does."""

from notification_worker.audience.rules import Held
from notification_worker.commands.inbox_changes import InboxChanges
from notification_worker.commands.notification_rows import Columns, member_of


def hold(entry: Columns, held: Held, changes: InboxChanges) -> Columns:
    """Let an event wait for the person's next digest; give the member that waits."""
    member = member_of(entry, frequency=held.frequency.value, due_at=held.due_at(changes.now))
    changes.add_member(member)
    return member
