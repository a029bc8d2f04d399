from uuid import UUID, uuid4

from ws_gateway.hub.admission import Admission, AdmissionLimits, Refusal
from ws_gateway.hub.directory import Directory, Joining
from ws_gateway.hub.ended_sessions import EndedSessions

ANN, JOHN = UUID(int=1), UUID(int=2)


class FakeWindow:
    """Remembers what the hub asks of it; leaves the directory when it is closed, as a real one does."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.pushed: list[tuple[int, bytes, float | None]] = []
        self.ended = False
        self.leaves_when_pushed = False

    def push(self, seq: int, frame: bytes, age: float | None) -> None:
        self.pushed.append((seq, frame, age))
        if self.leaves_when_pushed:
            self._directory.leave(self)

    def end_session(self) -> None:
        self.ended = True
        self._directory.leave(self)

    def resync(self) -> None:
        pass


def new_directory(*, connections_a_person: int = 20, remember_seconds: float = 960) -> Directory:
    return Directory(EndedSessions(remember_seconds), connections_a_person)


def test_a_frame_goes_to_all_windows_of_its_person_and_to_nobody_else() -> None:
    directory = new_directory()
    first, second, other = (FakeWindow(directory) for _ in range(3))
    directory.join(first, ANN, uuid4())
    directory.join(second, ANN, uuid4())
    directory.join(other, JOHN, uuid4())

    assert directory.publish(str(ANN), 5, "žluť", 0.25) == 2
    assert directory.publish(str(uuid4()), 1, "x") == 0

    assert first.pushed == second.pushed == [(5, "žluť".encode(), 0.25)]
    assert other.pushed == []


def test_a_window_that_left_gets_nothing_and_leaves_nothing_behind() -> None:
    directory = new_directory()
    window = FakeWindow(directory)
    directory.join(window, ANN, uuid4())
    directory.leave(window)
    directory.leave(window)

    assert directory.publish(str(ANN), 1, "x") == 0
    assert (len(directory), directory.windows()) == (0, ())


def test_a_window_that_closes_while_a_frame_is_handed_out_does_not_disturb_the_others() -> None:
    directory = new_directory()
    windows = [FakeWindow(directory) for _ in range(3)]
    for window in windows:
        directory.join(window, ANN, uuid4())
    windows[0].leaves_when_pushed = True

    directory.publish(str(ANN), 1, "x")
    directory.publish(str(ANN), 2, "x")

    assert [[seq for seq, _, _ in window.pushed] for window in windows] == [[1], [1, 2], [1, 2]]


def test_one_person_has_a_bounded_number_of_windows_and_renewing_takes_no_new_place() -> None:
    directory = new_directory(connections_a_person=2)
    first, second, third = (FakeWindow(directory) for _ in range(3))
    assert directory.join(first, ANN, uuid4()) is Joining.JOINED
    assert directory.join(second, ANN, uuid4()) is Joining.JOINED
    assert directory.join(third, ANN, uuid4()) is Joining.TOO_MANY_CONNECTIONS
    assert directory.join(second, ANN, uuid4()) is Joining.JOINED

    directory.publish(str(ANN), 1, "x")
    assert [len(window.pushed) for window in (first, second, third)] == [1, 1, 0]

    directory.leave(first)
    assert directory.join(third, ANN, uuid4()) is Joining.JOINED


def test_ending_a_session_closes_its_windows_only_and_keeps_its_tokens_out() -> None:
    directory = new_directory()
    ended, kept = uuid4(), uuid4()
    first, second, other = (FakeWindow(directory) for _ in range(3))
    directory.join(first, ANN, ended)
    directory.join(second, ANN, ended)
    directory.join(other, ANN, kept)

    directory.end_session(ended, now=0.0)

    assert (first.ended, second.ended, other.ended) == (True, True, False)
    assert directory.join(first, ANN, ended) is Joining.SESSION_ENDED
    assert len(directory) == 1


def test_a_renewed_window_belongs_to_its_new_session() -> None:
    directory = new_directory()
    old, new = uuid4(), uuid4()
    window = FakeWindow(directory)
    directory.join(window, ANN, old)
    directory.join(window, ANN, new)

    directory.end_session(old, now=0.0)
    assert not window.ended
    directory.end_session(new, now=0.0)
    assert window.ended


def test_an_ended_session_is_remembered_for_as_long_as_its_tokens_can_live() -> None:
    ended = EndedSessions(remember_seconds=960)
    early, late = uuid4(), uuid4()
    ended.add(early, now=0.0)
    ended.add(late, now=959.0)
    assert early in ended

    ended.add(uuid4(), now=961.0)

    assert early not in ended
    assert late in ended


def test_ended_sessions_are_bounded_and_the_oldest_goes_first() -> None:
    ended = EndedSessions(remember_seconds=960, limit=3)
    sessions = [uuid4() for _ in range(4)]
    for session in sessions[:3]:
        ended.add(session, now=0.0)
    ended.add(sessions[0], now=1.0)
    ended.add(sessions[3], now=2.0)

    assert [session in ended for session in sessions] == [True, False, True, True]
    assert len(ended) == 3


def test_connections_are_bounded_in_all_unauthenticated_and_by_address() -> None:
    admission = Admission(AdmissionLimits(connections=4, unauthenticated=2, of_an_address=2))
    assert admission.admit("a") is None
    assert admission.admit("a") is None
    assert admission.admit("b") is Refusal.TOO_MANY_UNAUTHENTICATED
    admission.authenticated()
    assert admission.admit("a") is Refusal.TOO_MANY_OF_ADDRESS
    assert admission.admit("b") is None
    admission.authenticated()
    assert admission.admit("b") is None
    admission.authenticated()
    assert admission.admit("c") is Refusal.FULL

    admission.release("a", authenticated=True)
    assert admission.admit("a") is None


def test_what_is_released_is_forgotten() -> None:
    admission = Admission(AdmissionLimits(connections=1, unauthenticated=1, of_an_address=1))
    for _ in range(3):
        assert admission.admit("a") is None
        admission.authenticated()
        admission.release("a", authenticated=True)
    assert admission.connections == 0
