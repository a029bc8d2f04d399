"""What a run came to, as a table."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median

from tests.faults.journal import Journal
from tests.faults.judging import Finding, Wrong
from tests.faults.judging.of_events import repeated
from tests.faults.judging.of_inboxes import entries_of
from tests.faults.observed import Observed
from tests.faults.schedule import Injected
from tests.faults.windows import Window

LONGEST_RECOVERY_SECONDS = 30.0
"""Unless the start of everything has taken longer: then as long as that."""

AIM_SECONDS = 5.0
AIM_OF_BROKER_STARTS_SECONDS = 10.0
"""What a recovery is to take at most; one that takes longer is no finding before `LONGEST_RECOVERY_SECONDS`."""

BROKER_STARTS = frozenset({"broker.kill", "cluster.kill-leader"})
"""The kinds after which a node of the broker has to start again."""

OFTEN_ENOUGH = 5
LONG_MINUTES = 60
_SHOWN_FINDINGS = 40


def table(injected: Sequence[Injected]) -> str:
    """Write a line for each kind of fault: how often, and how long until all flowed again."""
    by_kind: dict[str, list[Injected]] = defaultdict(list)
    for each in injected:
        by_kind[each.kind].append(each)
    lines = [
        "| fault | times | longest broken | recovery, median | recovery, longest | aim |",
        "|---|---|---|---|---|---|",
    ]
    for kind, of_kind in sorted(by_kind.items()):
        recoveries = [each.recovery_seconds for each in of_kind]
        broken, longest = max(each.broken_seconds for each in of_kind), max(recoveries)
        lines.append(
            f"| {kind} | {len(of_kind)} | {broken:.1f} s | {median(recoveries):.1f} s | {longest:.1f} s "
            f"| {aimed(kind, longest)} |"
        )
    return "\n".join(lines)


def aimed(kind: str, longest_seconds: float) -> str:
    """Say what a recovery of this kind is to take at most, and whether the longest did."""
    aim = AIM_OF_BROKER_STARTS_SECONDS if kind in BROKER_STARTS else AIM_SECONDS
    return f"{aim:.0f} s, {'met' if longest_seconds <= aim else 'missed'}"


def seldom(kinds: Sequence[str], injected: Sequence[Injected], minutes: float) -> str:
    """Say in a line how often kinds came at least; in a long run also which came less often than `OFTEN_ENOUGH`."""
    times = Counter(each.kind for each in injected)
    few = [f"{kind} {times[kind]}" for kind in kinds if times[kind] < OFTEN_ENOUGH]
    if not few or minutes < LONG_MINUTES:
        return f"each of {len(kinds)} kinds came {min(times[kind] for kind in kinds)} times or more"
    return f"{len(few)} of {len(kinds)} kinds came less than {OFTEN_ENOUGH} times: {', '.join(few)}"


def totals(journal: Journal, seen: Observed, windows: Sequence[Window], findings: Sequence[Finding]) -> str:
    """Write what was done, and how much of it went wrong."""
    wrong = Counter(finding.wrong for finding in findings)
    counts: Counter[str] = Counter()
    closes: Counter[int] = Counter()
    for window in windows:
        counts += window.counts
        closes += window.closes
    asked = Counter(write.what for write in journal.writes)
    told = sum(len(entries_of(inbox)) for inbox in seen.inboxes.values())
    lines = [
        ("requests that change something", f"{sum(asked.values())} ({_listed(asked)})"),
        ("answers", _listed(journal.statuses)),
        ("events", f"{len({event['id'] for event in seen.events})}"),
        ("notifications", f"{told} of events, in {sum(len(inbox.rows) for inbox in seen.inboxes.values())} rows"),
        ("in digests", _digests(seen)),
        ("duplicates suppressed", f"{repeated(seen.events)} events, {counts['repeated']} frames"),
        ("windows", f"{len(windows)}, {_listed(counts)}; closed with {_listed(closes)}"),
        ("poison", f"{len(journal.poison)} sent, {len(set(seen.dead_letters))} dead letters"),
        *((str(name), str(wrong[name])) for name in (Wrong.LOST, Wrong.TOLD_TWICE, Wrong.OUT_OF_ORDER)),
        ("other findings", _listed({name: count for name, count in wrong.items() if name not in _FIRST}) or "0"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in lines)])


def _digests(seen: Observed) -> str:
    members = [
        len(inbox.members[row["id"]])
        for inbox in seen.inboxes.values()
        for row in inbox.rows
        if row["type"] == "digest"
    ]
    return f"{sum(members)} of them, in {len(members)} digests"


_FIRST = (Wrong.LOST, Wrong.TOLD_TWICE, Wrong.OUT_OF_ORDER)


def listed_findings(findings: Sequence[Finding]) -> str:
    """Write the findings, as many as one can read."""
    lines = [str(finding) for finding in findings[:_SHOWN_FINDINGS]]
    if len(findings) > _SHOWN_FINDINGS:
        lines.append(f"… and {len(findings) - _SHOWN_FINDINGS} more")
    return "\n".join(lines)


def _listed(counts: Counter[str] | Counter[int] | dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda each: str(each[0])))
