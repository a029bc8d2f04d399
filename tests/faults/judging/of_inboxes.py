"""Everybody's inbox holds what they must have been told, once and in order, marked as they marked it."""

from collections import Counter, defaultdict
from datetime import datetime
from uuid import UUID

from tests.faults.journal import Journal, Json, Write
from tests.faults.judging import Finding, Wrong
from tests.faults.judging.expecting import Expected, Must
from tests.faults.judging.moments import Doubt, made_at
from tests.faults.observed import Inbox, Observed

_OF_TASKS = {"task_assigned", "status_changed", "comment_added"}


def entries_of(inbox: Inbox) -> list[Json]:
    """Give what a person was told, event by event."""
    return [entry for row in inbox.rows for entry in (inbox.members.get(row["id"], [row]))]


def judge_inboxes(journal: Journal, expected: dict[str, dict[str, list[Expected]]], seen: Observed) -> list[Finding]:
    findings: list[Finding] = []
    doubt = Doubt.of(journal.clocks_off, "worker")
    for person, inbox in seen.inboxes.items():
        by_task: dict[str, list[Json]] = defaultdict(list)
        for entry in entries_of(inbox):
            if entry["type"] in _OF_TASKS:
                by_task[entry["task_id"]].append(entry)
        for task in by_task.keys() | expected[person].keys():
            findings += _told(person, task, expected[person][task], by_task[task], doubt)
        findings += _counts(person, inbox)
        own = [write for write in journal.writes if write.who == person]
        findings += _marks(person, inbox, own)
        findings += _muted(person, inbox, own)
    return findings + _requests(journal, seen)


def _told(person: str, task: str, expected: list[Expected], found: list[Json], doubt: Doubt) -> list[Finding]:
    findings = []
    there = Counter((entry["type"], entry["message"], entry["link"]) for entry in found)
    least = Counter(entry.key for entry in expected if entry.must is Must.BE)
    most = Counter(entry.key for entry in expected if entry.must is not Must.NOT_BE)
    for key in there.keys() | most.keys():
        if there[key] < least[key]:
            findings.append(Finding(Wrong.LOST, f"{person} heard {there[key]} of {least[key]} times {key}"))
        if there[key] > most[key]:
            findings.append(Finding(Wrong.TOLD_TWICE, f"{person} heard {there[key]} times, not {most[key]}, {key}"))
    by_key: dict[tuple[str, str, str], list[Json]] = defaultdict(list)
    for entry in sorted(found, key=lambda entry: UUID(entry["id"])):
        by_key[entry["type"], entry["message"], entry["link"]].append(entry)
    possible = Counter(entry.key for entry in expected)
    last: Json | None = None
    for awaited in expected:
        # Where one may be missing, nobody can tell which of those alike it was.
        if there[awaited.key] != possible[awaited.key]:
            continue
        entry = by_key[awaited.key].pop(0)
        if last is not None and _comes_before(entry, last, doubt):
            findings.append(Finding(Wrong.OUT_OF_ORDER, f"{person}, task {task}: {awaited.key} came too early"))
        last = entry
    return findings


def _comes_before(entry: Json, other: Json, doubt: Doubt) -> bool:
    """Compare two entries as they are shown, by their times; where the clock was off, by when they were made."""
    if doubt.covers(made_at(entry)) or doubt.covers(made_at(other)):
        return made_at(entry) < made_at(other)
    return datetime.fromisoformat(entry["created_at"]) < datetime.fromisoformat(other["created_at"])


def _counts(person: str, inbox: Inbox) -> list[Finding]:
    unread = sum(row["read_at"] is None for row in inbox.rows)
    findings = []
    if inbox.sync["unread_count"] != unread:
        findings.append(Finding(Wrong.COUNTER, f"{person} has {unread} unread, not {inbox.sync['unread_count']}"))
    highest = max((row["seq"] for row in inbox.rows), default=0)
    if highest > inbox.sync["latest_seq"]:
        findings.append(Finding(Wrong.COUNTER, f"{person} has a row at {highest}, the log ends before it"))
    return findings + [
        Finding(Wrong.COUNTER, f"{person}: row {row['id']} does not stand for {row['count']}")
        for row in inbox.rows
        if len(inbox.members.get(row["id"], [row])) != row["count"]
    ]


def _marks(person: str, inbox: Inbox, writes: list[Write]) -> list[Finding]:
    """What was marked stays marked, unless it was marked otherwise later, or changed."""
    findings = []
    rows = {row["id"]: row for row in inbox.rows}
    later: set[str] = set()
    for write in reversed(writes):
        row = rows.get(write.value)
        if write.what == "read_all" and write.acknowledged:
            missed = [row["id"] for row in inbox.rows if row["read_at"] is None and row["seq"] <= int(write.value)]
            findings += [Finding(Wrong.MARK_LOST, f"{person}: {id_} is unread after read-all") for id_ in missed]
        was_seen_last = write.what == "read" and write.acknowledged and write.value not in later
        # Marked as it was seen: a row that has changed since stays unread.
        if was_seen_last and row is not None and row["read_at"] is None and row["count"] == 1:
            findings.append(Finding(Wrong.MARK_LOST, f"{person}: {row['id']} was marked read, and is not"))
        if write.what in {"read", "unread"}:
            later.add(write.value)
    return findings


def _muted(person: str, inbox: Inbox, writes: list[Write]) -> list[Finding]:
    last = {write.task: write for write in writes if write.what in {"mute", "unmute"}}
    return [
        Finding(Wrong.MARK_LOST, f"{person}: the last of task {task} was {write.what}, and is not so")
        for task, write in last.items()
        if write.acknowledged and (task in inbox.muted) != (write.what == "mute") and _alone(write, writes)
    ]


def _alone(write: Write, writes: list[Write]) -> bool:
    """Whether no other request for the same may have been done later, because it was never answered."""
    return not any(other.unknown and other.task == write.task for other in writes if other.what in {"mute", "unmute"})


def _requests(journal: Journal, seen: Observed) -> list[Finding]:
    findings = []
    told = Counter(
        (person, entry["message"])
        for person, inbox in seen.inboxes.items()
        for entry in entries_of(inbox)
        if entry["type"] not in _OF_TASKS
    )
    for request in journal.requests:
        for person in request.recipients:
            count = told.pop((person, request.message), 0)
            if count != 1:
                wrong = Wrong.TOLD_TWICE if count else Wrong.LOST
                findings.append(Finding(wrong, f"{person} heard {count} times '{request.message}'"))
    return findings + [Finding(Wrong.INVENTED, f"{person} was told '{message}'") for person, message in told]
