"""All that the judge has to say of what was done and what is there to see."""

from collections.abc import Sequence

from tests.faults.journal import Journal
from tests.faults.judging import Finding, Wrong
from tests.faults.judging.expecting import expected_of
from tests.faults.judging.of_events import judge_events, story_of_each_task
from tests.faults.judging.of_inboxes import judge_inboxes
from tests.faults.judging.of_windows import judge_windows
from tests.faults.observed import Observed
from tests.faults.windows import Window


def judge(journal: Journal, seen: Observed, windows: Sequence[Window]) -> list[Finding]:
    """Hold everything against the rules; no finding is what is wanted."""
    stories = story_of_each_task(seen.events)
    findings = judge_events(journal, seen)
    findings += judge_inboxes(journal, expected_of(stories, journal), seen)
    findings += judge_windows(windows, seen.inboxes)
    findings += [Finding(Wrong.LEFT_OVER, f"{count} in {name}") for name, count in seen.left_over.items() if count]
    if strange := set(seen.dead_letters) ^ {poison.id for poison in journal.poison}:
        findings.append(Finding(Wrong.DEAD_LETTERS, f"letters that are not the poison that was sent: {strange}"))
    if seen.recount:
        findings.append(Finding(Wrong.COUNTER, seen.recount.strip()))
    return findings + [Finding(Wrong.UNEXPECTED, text) for text in journal.errors]
