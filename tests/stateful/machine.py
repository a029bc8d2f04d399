"""Anything that people, other services and time do to a few inboxes, in any order, and what must hold after each."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.events import AnyEvent
from contracts.events.task import Person
from contracts.events.user import UserData, UserRegistered
from notification_worker.commands.errors import NotificationNotFoundError
from notification_worker.commands.mark import Seen
from tests.stateful import comparison, decisions
from tests.stateful.board import KINDS, SOURCE, Board, Deed
from tests.stateful.server import Server
from tests.stateful.windows import Window
from tests.support.expected import Inbox, Judge, Key, Row

PEOPLE = tuple(Person(id=UUID(int=number), name=name) for number, name in enumerate(("Ann", "Bob", "Cid"), start=1))
MOST_WINDOWS = 5
SETTLED = 16
"""How many events there are before somebody is erased: before, there is nothing to erase."""

DEEDS = (
    *("comment",) * 4,
    *("move", "move back", "move back"),
    *("assign", "request", "watch", "stop watching", "again", "delete"),
)
TYPES = ("task_assigned", "status_changed", "comment_added", *KINDS)
FREQUENCIES = ("instant", "instant", "hourly", "daily", "off")
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns")
WAITS = tuple(
    timedelta(**wait)
    for wait in (
        {"seconds": 5},
        {"seconds": 50},
        {"minutes": 2},
        {"minutes": 45},
        {"hours": 3},
        {"days": 1},
        {"days": 12},
        {"days": 31},
    )
)

people = st.integers(0, len(PEOPLE) - 1)
tasks = st.integers(0, 1)
small = st.integers(0, 7)
choices = st.fixed_dictionaries({name: st.sampled_from(FREQUENCIES) for name in TYPES})
Deeds = Sequence[Deed]
deeds = st.builds(Deed, what=st.sampled_from(DEEDS), who=people, task=tasks, other=small)
before = st.lists(deeds, max_size=3)
"""What happens just before: so that there is always something for the rest to be about."""


class InboxMachine(RuleBasedStateMachine):
    """Drives the server and the judge alike; windows only ever see what the server sends them."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.server.begin()
        self.board = Board(PEOPLE, self.server.clock)
        self.judge = Judge(members={str(person.id) for person in PEOPLE})
        self.windows: list[Window] = []
        self.seen: set[tuple[Key, str]] = set()

    @initialize(frequencies=choices, muted=st.sets(tasks, max_size=1))
    def people_watch_tasks_and_windows(self, frequencies: dict[str, str], muted: set[int]) -> None:
        """Let the search begin where most deeds concern somebody, and one person has made choices."""
        self.server.apply([_registered(person, self.server) for person in PEOPLE])
        self._do([Deed("watch", who, task, 0) for task in range(2) for who in range(len(PEOPLE))])
        for who in range(len(PEOPLE)):
            self._open_window(who, keeps_up=True)
        self.somebody_decides((), len(PEOPLE) - 1, frequencies=frequencies, zone="UTC", hour=9, muted=muted)

    @rule(batch=st.lists(deeds, min_size=1, max_size=5))
    def things_happen(self, batch: Deeds) -> None:
        self._do(batch)

    @rule(who=people, other=people, task=tasks, status=small, wait=st.sampled_from(WAITS[:3]))
    def a_status_goes_there_and_back(self, who: int, other: int, task: int, status: int, wait: timedelta) -> None:
        self._do([Deed("move", who, task, status)])
        self.server.now += wait
        self._do([Deed("move back", other, task, 0)])

    @precondition(lambda self: not self.judge.erased and len(self.board.events) >= SETTLED)
    @rule(who=people, then=deeds)
    def somebody_is_erased(self, who: int, then: Deed) -> None:
        person = PEOPLE[who]
        self._apply([self.board.erase(person), *self.board.do(then)])
        self.windows = [window for window in self.windows if window.user_id != person.id]
        assert self.server.run(self.server.mentions(person.name)) == []

    @rule(after=before, wait=st.sampled_from(WAITS))
    def time_passes(self, after: Deeds, wait: timedelta) -> None:
        self._do(after)
        self.server.now += wait

    @rule(after=before, wait=st.sampled_from(WAITS))
    def digests_are_sent(self, after: Deeds, wait: timedelta) -> None:
        self._do(after)
        self.server.now += wait
        self.server.send_digests()
        decisions.send_digests(self.judge, self.server.now)

    @rule(after=before, wait=st.sampled_from(WAITS[-3:]))
    def old_ones_are_forgotten(self, after: Deeds, wait: timedelta) -> None:
        self._do(after)
        self.server.now += wait
        self.server.forget()
        decisions.forget(self.judge, self.server.now)

    @rule(after=before, who=people, places=st.sets(small, min_size=1, max_size=3), read=st.booleans())
    def somebody_marks(self, after: Deeds, who: int, places: set[int], *, read: bool) -> None:
        """Mark by id alone: whatever the row is now."""
        self._do(after)
        rows = self._some_rows(who, places)
        if rows:
            self._mark(who, rows, [None] * len(rows), read=read)

    @rule(after=before, place=small, window=small, read=st.booleans(), late=st.none() | people)
    def a_window_marks(self, after: Deeds, place: int, window: int, *, read: bool, late: int | None) -> None:
        """Mark a row as a window holds it, which may have changed since, or be gone; `late` comments in between."""
        self._do(after)
        if not self.windows or not (held := self.windows[window % len(self.windows)]).inbox.rows:
            return
        seen = list(held.inbox.rows.values())[place % len(held.inbox.rows)]
        of_task = [
            place for place, task in enumerate(self.board.tasks) if task and str(task.reference.id) == seen["task_id"]
        ]
        self._do([Deed("comment", late, task, 0) for task in of_task if late is not None])
        books = self.server.books()
        row_id, who = UUID(seen["id"]), int(held.user_id) - 1
        rows = comparison.rows_of(self._inbox(who), books, [row_id])
        if row_id not in books.seqs:
            assert not rows
            self._expect_refusal(who, Seen(row_id, seen["seq"]), read=read)
            return
        # A member that came after the row was seen must never be marked with it.
        assert len(rows[0].entries) == seen["count"] or books.seqs[row_id] > seen["seq"]
        self._mark(who, rows, [seen["seq"]], read=read)

    @rule(after=before, who=people, back=st.integers(0, 5))
    def somebody_marks_all_read(self, after: Deeds, who: int, back: int) -> None:
        """Mark up to the head, or to some number before it."""
        self._do(after)
        if self._is_erased(who):
            return
        books, user_id = self.server.books(), PEOPLE[who].id
        up_to = max(0, len(self.server.frames[user_id]) - back)
        reached = [one for one, seq in books.seqs.items() if books.owner[one] == user_id and seq <= up_to]
        rows = comparison.rows_of(self._inbox(who), books, reached)
        self.server.read_all(user_id, up_to)
        decisions.mark(self._inbox(who), [row for row in rows if not row.read], read=True)

    @rule(
        after=before,
        who=people,
        frequencies=choices,
        zone=st.sampled_from(ZONES),
        hour=st.sampled_from((0, 9, 21)),
        muted=st.sets(tasks),
    )
    def somebody_decides(
        self, after: Deeds, who: int, *, frequencies: dict[str, str], zone: str, hour: int, muted: set[int]
    ) -> None:
        """Replace what a person prefers, and which tasks are muted."""
        self._do(after)
        if self._is_erased(who):
            return
        inbox, user_id = self._inbox(who), PEOPLE[who].id
        self.server.prefer(user_id, frequencies, zone, (hour, 30))
        decisions.prefer(inbox, frequencies, zone, (hour, 30), self.server.now)
        for place, task in enumerate(self.board.tasks):
            if task is not None and place in muted:
                self.server.mute(user_id, task.reference.id)
                inbox.muted.add(str(task.reference.id))
            elif task is not None:
                self.server.unmute(user_id, task.reference.id)
                inbox.muted.discard(str(task.reference.id))

    @precondition(lambda self: len(self.windows) < MOST_WINDOWS)
    @rule(after=before, who=people)
    def a_window_opens(self, after: Deeds, who: int) -> None:
        self._do(after)
        if not self._is_erased(who):
            self._open_window(who, keeps_up=False)

    @precondition(lambda self: self.windows)
    @rule(after=before, window=small, overlap=st.integers(0, 2), syncs=st.booleans())
    def a_window_drops_or_comes_back(self, after: Deeds, window: int, overlap: int, *, syncs: bool) -> None:
        """Lose the connection or connect anew; the sync that follows may be a moment late, or be one too many."""
        self._do(after)
        one = self.windows[window % len(self.windows)]
        if not one.connected:
            one.connect(self.server, overlap=overlap)
        elif not syncs:
            one.drop()
        if syncs:
            one.sync(self.server)

    @precondition(lambda self: self.windows)
    @rule(after=before, window=small, number=st.integers(1, 5), loses=st.booleans())
    def frames_arrive(self, after: Deeds, window: int, number: int, *, loses: bool) -> None:
        self._do(after)
        one = self.windows[window % len(self.windows)]
        if one.connected and one.synced:
            if loses:
                one.lose(self.server)
            one.receive(self.server, number)

    @precondition(lambda self: self.windows)
    @rule(after=before)
    def all_frames_arrive(self, after: Deeds) -> None:
        self._do(after)
        for window in self.windows:
            if window.connected and window.synced:
                window.receive(self.server, len(self.server.frames[window.user_id]))

    @rule(who=people)
    def somebody_looks_at_everything(self, who: int) -> None:
        if not self._is_erased(who):
            comparison.lists_and_reasons_hold(self.server, self.judge, PEOPLE[who].id)

    @invariant()
    def everything_is_as_judged(self) -> None:
        for window in self.windows:
            window.keep_up(self.server)
        comparison.books_hold(self.server, self.judge)
        comparison.windows_hold(self.server, self.judge, self.windows)
        for inbox in self.judge.inboxes.values():
            self.seen.update(inbox.outcomes.items())
            several = (row for row in inbox.rows if len(row.entries) > 1)
            self.seen.update((row.entries[0].key, f"{row.type} of several") for row in several)

    def teardown(self) -> None:
        for person in PEOPLE:
            if str(person.id) not in self.judge.erased:
                comparison.lists_and_reasons_hold(self.server, self.judge, person.id)
        self.server.seen.update(kind for _, kind in self.seen)

    def _open_window(self, who: int, *, keeps_up: bool) -> None:
        window = Window(PEOPLE[who].id, keeps_up)
        window.connect(self.server)
        window.sync(self.server)
        self.windows.append(window)

    def _do(self, batch: Deeds) -> None:
        self._apply([event for deed in batch for event in self.board.do(deed)])

    def _apply(self, events: Sequence[AnyEvent]) -> None:
        self.server.apply(events)
        for event in events:
            self.judge.apply(event.model_dump(mode="json"), self.server.now)

    def _mark(self, who: int, rows: Sequence[Row], seqs: Sequence[int | None], *, read: bool) -> None:
        """Mark rows that exist; those that changed after they were seen are left alone."""
        inbox, books = self._inbox(who), self.server.books()
        ids = comparison.ids_of(rows, PEOPLE[who].id, books)
        seen = [Seen(row_id, seq) for row_id, seq in zip(ids, seqs, strict=True)]
        if not read and not all(row.shown(self.server.now) for row in rows):
            self._expect_refusal(who, *seen, read=False)
            return
        (self.server.read if read else self.server.unread)(PEOPLE[who].id, seen)
        unchanged = [
            row for row, row_id, seq in zip(rows, ids, seqs, strict=True) if seq is None or books.seqs[row_id] <= seq
        ]
        self.server.seen["left alone"] += len(rows) - len(unchanged)
        decisions.mark(inbox, unchanged, read=read)

    def _expect_refusal(self, who: int, *seen: Seen, read: bool) -> None:
        try:
            (self.server.read if read else self.server.unread)(PEOPLE[who].id, seen)
        except NotificationNotFoundError:
            self.server.seen["refused"] += 1
            return
        raise AssertionError("marked what is not there")

    def _some_rows(self, who: int, places: set[int]) -> list[Row]:
        rows = [] if self._is_erased(who) else self._inbox(who).rows
        return [rows[place] for place in sorted({place % len(rows) for place in places if rows})]

    def _inbox(self, who: int) -> Inbox:
        return self.judge.inboxes[str(PEOPLE[who].id)]

    def _is_erased(self, who: int) -> bool:
        return str(PEOPLE[who].id) in self.judge.erased


def _registered(person: Person, server: Server) -> AnyEvent:
    return UserRegistered(
        id=f"registered-{person.id}",
        source=SOURCE,
        subject=str(person.id),
        time=server.now,
        data=UserData(user=person),
    )
