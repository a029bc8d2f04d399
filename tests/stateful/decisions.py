"""What people and time do to inboxes, by rules written anew, on the judge's own books."""

from collections.abc import Sequence
from datetime import datetime

from tests.support.expected import Inbox, Judge, Row

KEPT_TYPE_WHEN_MUTED = "task_assigned"


def prefer(inbox: Inbox, frequencies: dict[str, str], timezone: str, daily_at: tuple[int, int], now: datetime) -> None:
    """Write what a person prefers, and apply it to what waits; what is due already stays due."""
    inbox.frequencies, inbox.timezone, inbox.daily_at = frequencies, timezone, daily_at
    for entry in list(inbox.waiting):
        frequency = frequencies.get(entry.type, "instant")
        if frequency == "off":
            inbox.waiting.remove(entry)
            inbox.outcomes[entry.key] = "preference"
        elif entry.due is not None and entry.due <= now:
            continue
        elif frequency == "instant":
            entry.due = now
        else:
            entry.frequency, entry.due = frequency, inbox.next_digest(frequency, now)


def send_digests(judge: Judge, now: datetime) -> None:
    """Send everybody what is due, and leave out what a person has since muted."""
    for inbox in judge.inboxes.values():
        due = [entry for entry in inbox.waiting if entry.due is not None and entry.due <= now]
        inbox.waiting = [entry for entry in inbox.waiting if entry not in due]
        muted = [entry for entry in due if entry.task in inbox.muted and entry.type != KEPT_TYPE_WHEN_MUTED]
        for entry in muted:
            inbox.outcomes[entry.key] = "muted"
        for frequency in ("hourly", "daily"):
            members = [entry for entry in due if entry.frequency == frequency and entry not in muted]
            if members:
                judge.add_row(inbox, members, now, digest=frequency)


def forget(judge: Judge, now: datetime) -> None:
    """Free what is read and too old; what it told was told, but nobody can show it any more."""
    for inbox in judge.inboxes.values():
        for row in inbox.rows:
            if not row.shown(now):
                inbox.outcomes.update((entry.key, "forgotten") for entry in row.entries)
        inbox.rows = inbox.shown(now)


def mark(inbox: Inbox, rows: Sequence[Row], *, read: bool) -> None:
    """Mark rows; one that is marked already stays as it is."""
    changed = [row for row in rows if row.read is not read]
    for row in changed:
        row.read = read
    if changed:
        inbox.log.append(("marked", None, ""))
