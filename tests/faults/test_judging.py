"""The judge itself: it finds nothing in a run that was right, and names what is wrong in one that was not."""

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from tests.faults.accounts import Account
from tests.faults.journal import ClockOff, Journal, Json, Request, Trouble, Write
from tests.faults.judging import Finding, Wrong
from tests.faults.judging.verdict import judge
from tests.faults.observed import Inbox, Observed, SeenTask
from tests.faults.windows import Window

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TASK, TITLE, LINK = "task-1", "Fix login bug", "/tasks/task-1"


def made(number: int, seconds: float) -> str:
    """Give an id of version 7 that was made then."""
    return str(UUID(int=(int((BEGIN.timestamp() + seconds) * 1000) << 80) + number))


ROWS = [made(number, 0) for number in range(10)]


def event(number: int, word: str, actor: str, seconds: float, **data: Any) -> Json:
    return {
        "id": made(number, seconds),
        "type": f"taskify.task.{word}.v1",
        "subject": TASK,
        "sequence": f"{number:010}",
        "time": (BEGIN + timedelta(seconds=seconds)).isoformat(),
        "data": {"actor": {"id": actor, "name": actor.title()}, "task": {"id": TASK, "title": TITLE}, **data},
    }


def watcher(person: str) -> list[Json]:
    return [{"person": {"id": person, "name": person.title()}, "reason": "manual"}]


def write(who: str, what: str, seconds: float, value: str = "", version: int = 0, **more: Any) -> Write:
    at = BEGIN.timestamp() + seconds
    status = more.pop("status", 200)
    return Write(who, what, TASK, value, version, sent=at, answered=at + 0.1, status=status, **more)


def row(number: int, kind: str, message: str, seconds: float, link: str = LINK, **more: Any) -> Json:
    return {
        "id": ROWS[number],
        "seq": number,
        "type": kind,
        "message": message,
        "task_id": TASK,
        "link": link,
        "count": 1,
        "created_at": (BEGIN + timedelta(seconds=seconds)).isoformat(),
        "read_at": None,
        **more,
    }


@dataclass
class Story:
    """Ann makes a task for Ben; it is moved, commented on by Cy and by Ann, and Cy, who has muted it, moves it on."""

    journal: Journal = field(default_factory=Journal)
    seen: Observed = field(default_factory=Observed)
    windows: list[Window] = field(default_factory=list)

    def findings(self) -> list[Finding]:
        return judge(self.journal, self.seen, self.windows)

    @property
    def wrongs(self) -> set[Wrong]:
        return {finding.wrong for finding in self.findings()}


@pytest.fixture
def story() -> Story:
    told = Story()
    told.journal.writes = [
        write("ann", "create", 0, TITLE, assignee="ben", answer={"id": TASK, "version": 1}),
        write("cy", "mute", 1),
        write("cy", "watch", 2),
        write("ann", "status", 300, "in_progress", 1, answer={"version": 2}),
        write("cy", "comment", 400, "Hello"),
        write("ann", "comment", 401, "World"),
        write("cy", "status", 500, "in_review", 2, answer={"version": 3}),
        write("ben", "read", 600, ROWS[1]),
    ]
    told.journal.requests = [Request("r-1", ("ben",), "Invoice 1 was paid")]
    told.seen.events = [
        event(1, "created", "ann", 0, status="todo", watchers_added=watcher("ann")),
        event(2, "assigned", "ann", 0, assignee={"id": "ben"}, watchers_added=watcher("ben")),
        event(3, "watched", "cy", 2, watchers_added=watcher("cy")),
        event(4, "status_changed", "ann", 300, old_status="todo", new_status="in_progress"),
        event(5, "comment_added", "cy", 400, comment={"id": "c-1", "body": "Hello"}, watchers_added=watcher("cy")),
        event(6, "comment_added", "ann", 401, comment={"id": "c-2", "body": "World"}, watchers_added=watcher("ann")),
        event(7, "status_changed", "cy", 500, old_status="in_progress", new_status="in_review"),
    ]
    told.seen.tasks[TASK] = SeenTask(
        {"version": 3, "status": "in_review", "assignee": {"id": "ben"}},
        [{"id": "c-1"}, {"id": "c-2"}],
        {"ann", "ben", "cy"},
    )
    cys = row(3, "comment_added", f"Cy commented on '{TITLE}'", 400, f"{LINK}#comment-c-1")
    anns = row(4, "comment_added", f"Ann commented on '{TITLE}'", 401, f"{LINK}#comment-c-2")
    joined = {**cys, "message": f"Ann and 1 other commented on '{TITLE}'", "count": 2, "seq": 4}
    ben = [
        row(1, "task_assigned", f"Ann assigned you '{TITLE}'", 0, read_at=BEGIN.isoformat()),
        row(2, "status_changed", f"Ann moved '{TITLE}' to In progress", 300),
        joined,
        row(5, "status_changed", f"Cy moved '{TITLE}' to In review", 500),
        {**row(6, "invoice_paid", "Invoice 1 was paid", 700, "/invoices/1"), "task_id": None},
    ]
    ann = [
        row(1, "comment_added", f"Cy commented on '{TITLE}'", 400, f"{LINK}#comment-c-1"),
        row(2, "status_changed", f"Cy moved '{TITLE}' to In review", 500),
    ]
    told.seen.inboxes = {
        "ann": Inbox(ann, {}, sync(ann, 2), set()),
        "ben": Inbox(ben, {ROWS[3]: [anns, cys]}, sync(ben, 6), set()),
        "cy": Inbox([], {}, sync([], 0), {TASK}),
    }
    told.windows = [showing("ben", told.seen.inboxes["ben"].sync)]
    return told


def sync(rows: list[Json], latest_seq: int) -> Json:
    unread = sum(each["read_at"] is None for each in rows)
    return {"items": rows, "latest_seq": latest_seq, "unread_count": unread, "removed_ids": [], "reset": True}


def showing(person: str, answer: Json) -> Window:
    account = cast("Account", type("Someone", (), {"id": person, "name": person})())
    window = Window(account, person, "", random.Random(1))  # noqa: S311 (never asked)
    window.shown.take(deepcopy(answer))
    return window


def ben(told: Story) -> Inbox:
    return told.seen.inboxes["ben"]


def test_a_run_that_was_right_has_no_findings(story: Story) -> None:
    assert story.findings() == []


def _lose_an_event(told: Story) -> None:
    del told.seen.events[3]


def _lose_the_last_event(told: Story) -> None:
    del told.seen.events[6]


def _lose_a_row(told: Story) -> None:
    del ben(told).rows[1]


def _lose_a_member(told: Story) -> None:
    del ben(told).members[ROWS[3]][0]


def _lose_a_request(told: Story) -> None:
    del ben(told).rows[4]


def _tell_twice(told: Story) -> None:
    ben(told).rows.append({**ben(told).rows[1], "id": ROWS[9]})


def _tell_a_request_twice(told: Story) -> None:
    ben(told).rows.append({**ben(told).rows[4], "id": ROWS[9]})


def _tell_who_muted(told: Story) -> None:
    told.seen.inboxes["cy"].rows.append(row(1, "status_changed", f"Ann moved '{TITLE}' to In progress", 300))


def _write_an_event_twice(told: Story) -> None:
    told.seen.events.append({**told.seen.events[6], "id": made(8, 500), "sequence": "0000000008"})


def _swap_events(told: Story) -> None:
    told.seen.events[3], told.seen.events[4] = told.seen.events[4], told.seen.events[3]


def _swap_rows(told: Story) -> None:
    rows = ben(told).rows
    rows[1]["created_at"], rows[3]["created_at"] = rows[3]["created_at"], rows[1]["created_at"]


def _invent_a_change(told: Story) -> None:
    told.journal.writes = [each for each in told.journal.writes if each.value != "in_review"]


def _do_it_by_half(told: Story) -> None:
    told.seen.tasks[TASK].task["status"] = "done"


def _forget_a_watcher(told: Story) -> None:
    told.seen.tasks[TASK].watchers.discard("cy")


def _forget_a_mark(told: Story) -> None:
    ben(told).rows[0]["read_at"] = None


def _forget_to_mute(told: Story) -> None:
    told.seen.inboxes["cy"].muted.clear()


def _count_wrongly(told: Story) -> None:
    ben(told).sync["unread_count"] += 1
    told.windows = [showing("ben", ben(told).sync)]


def _leave_a_window_behind(told: Story) -> None:
    told.windows[0].shown.latest_seq -= 1


def _show_something_else(told: Story) -> None:
    told.windows[0].shown.items[ROWS[2]]["message"] = "Something else"


def _skip_a_frame(told: Story) -> None:
    told.windows[0]._order(7)
    told.windows[0]._order(9)


def _show_twice(told: Story) -> None:
    payload = {**ben(told).rows[1], "seq": 7, "change": "added", "unread_count": 4}
    told.windows[0].shown.apply({"type": "NOTIFICATION", "payload": payload})


@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        (_lose_an_event, Wrong.LOST),
        (_lose_the_last_event, Wrong.LOST),
        (_lose_a_row, Wrong.LOST),
        (_lose_a_member, Wrong.LOST),
        (_lose_a_request, Wrong.LOST),
        (_tell_twice, Wrong.TOLD_TWICE),
        (_tell_a_request_twice, Wrong.TOLD_TWICE),
        (_tell_who_muted, Wrong.TOLD_TWICE),
        (_show_twice, Wrong.TOLD_TWICE),
        (_write_an_event_twice, Wrong.INVENTED),
        (_swap_events, Wrong.OUT_OF_ORDER),
        (_swap_rows, Wrong.OUT_OF_ORDER),
        (_invent_a_change, Wrong.INVENTED),
        (_do_it_by_half, Wrong.HALF_DONE),
        (_forget_a_watcher, Wrong.HALF_DONE),
        (_forget_a_mark, Wrong.MARK_LOST),
        (_forget_to_mute, Wrong.MARK_LOST),
        (_count_wrongly, Wrong.COUNTER),
        (_leave_a_window_behind, Wrong.WINDOW),
        (_show_something_else, Wrong.WINDOW),
        (_skip_a_frame, Wrong.SKIPPED),
    ],
)
def test_what_is_wrong_is_found_and_named(story: Story, spoil: Callable[[Story], None], wrong: Wrong) -> None:
    spoil(story)

    assert wrong in story.wrongs


def test_an_event_that_was_published_twice_is_no_finding(story: Story) -> None:
    story.seen.events.append(story.seen.events[3])

    assert story.findings() == []


def test_a_request_without_an_answer_may_have_been_done_or_not(story: Story) -> None:
    for each in story.journal.writes:
        if each.value in {"in_review", "World"}:
            each.status, each.answer = None, None
    story.journal.writes.append(write("ben", "comment", 510, "Never arrived", status=503))
    story.journal.writes.append(write("ben", "status", 510, "done", 3, status=None))

    assert story.findings() == []


def test_who_mutes_while_an_event_is_on_its_way_may_be_told_or_not(story: Story) -> None:
    story.journal.writes.append(write("ben", "mute", 500.5))
    story.seen.inboxes["ben"].muted.add(TASK)
    assert story.findings() == []

    del ben(story).rows[3]
    ben(story).sync = sync(ben(story).rows, 6)
    story.windows = []
    assert story.findings() == []


def test_who_mutes_after_an_event_must_have_come_is_told_of_it_unless_nobody_could_work(story: Story) -> None:
    story.journal.writes.append(write("ben", "mute", 580))
    story.seen.inboxes["ben"].muted.add(TASK)
    del ben(story).rows[3]
    ben(story).sync = sync(ben(story).rows, 6)
    story.windows = []
    assert Wrong.LOST in story.wrongs

    begin = BEGIN.timestamp()
    story.journal.troubles.append(Trouble(begin + 495, begin + 530))
    assert story.findings() == []


def test_a_move_there_and_back_at_once_is_told_to_nobody(story: Story) -> None:
    back = event(8, "status_changed", "cy", 505, old_status="in_review", new_status="in_progress")
    story.seen.events.append(back)
    story.seen.tasks[TASK].task |= {"version": 4, "status": "in_progress"}
    story.journal.writes.append(write("cy", "status", 505, "in_progress", 3, answer={"version": 4}))
    assert Wrong.TOLD_TWICE in story.wrongs

    for person in ("ann", "ben"):
        inbox = story.seen.inboxes[person]
        inbox.rows = [each for each in inbox.rows if not each["message"].endswith("In review")]
        inbox.sync = sync(inbox.rows, 7)
    story.windows = []
    assert story.findings() == []


def _digest_of(told: Story, *numbers: int) -> Json:
    """Have Ben told of some rows in a digest instead; he is one of those who choose that."""
    told.journal.writes.insert(0, write("ben", "preferences", 0))
    gathered = [each for each in ben(told).rows if each["id"] in {ROWS[number] for number in numbers}]
    digest = row(8, "digest", "Your hourly digest", 800, "", count=len(gathered), task_id=None)
    ben(told).rows = [*(each for each in ben(told).rows if each not in gathered), digest]
    ben(told).members[digest["id"]] = gathered
    ben(told).sync = sync(ben(told).rows, 8)
    told.windows = []
    return digest


def test_what_is_told_with_a_digest_is_told(story: Story) -> None:
    _digest_of(story, 2, 5, 6)

    assert story.findings() == []


def test_a_digest_that_loses_a_member_is_found(story: Story) -> None:
    digest = _digest_of(story, 2, 5, 6)
    ben(story).members[digest["id"]].pop(0)

    assert story.wrongs == {Wrong.LOST, Wrong.COUNTER}


def test_a_member_that_is_told_twice_is_found(story: Story) -> None:
    digest = _digest_of(story, 2, 5, 6)
    (first, *_) = ben(story).members[digest["id"]]
    ben(story).rows.append({**first, "id": ROWS[9]})

    assert Wrong.TOLD_TWICE in story.wrongs


def test_a_mute_that_came_while_a_digest_was_waited_for_may_hold_back_what_waits(story: Story) -> None:
    digest = _digest_of(story, 2, 5)
    story.journal.writes.append(write("ben", "mute", 900))
    ben(story).muted.add(TASK)
    assert story.findings() == []

    ben(story).members[digest["id"]].pop(0)
    digest["count"] = 1
    assert story.findings() == []


def test_a_row_with_a_wrong_time_is_no_finding_where_a_clock_was_off(story: Story) -> None:
    late = ben(story).rows[3]
    late["id"], late["created_at"] = made(5, 500), (BEGIN - timedelta(hours=1)).isoformat()
    ben(story).sync = sync(ben(story).rows, 6)
    story.windows = []
    assert Wrong.OUT_OF_ORDER in story.wrongs

    at = BEGIN.timestamp() + 500
    story.journal.clocks_off.append(ClockOff("worker", at - 5, at + 5))
    assert story.findings() == []
