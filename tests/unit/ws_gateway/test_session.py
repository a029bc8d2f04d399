"""The protocol as lists: inputs in, actions out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.socket.close_codes import CloseCode
from contracts.tokens import Principal
from ws_gateway.hub.directory import Joining
from ws_gateway.metrics import SessionTallies
from ws_gateway.sockets.actions import Actions, Close, Join, Send, Verify
from ws_gateway.sockets.session import Session, SessionLimits, State

LIMITS = SessionLimits()
ANN = UUID(int=1)
WRONG_PINGS = [json.dumps({"type": "PING", "payload": {"seq": seq}}) for seq in (-1, True, "7", 0.5)]
AUTH = json.dumps({"type": "AUTH", "payload": {"token": "a.b.c"}})


def principal(user_id: UUID = ANN) -> Principal:
    return Principal(
        user_id=user_id, name="Ann", session_id=uuid4(), expires_at=datetime(2030, 1, 1, tzinfo=UTC) + timedelta(0)
    )


def new_session(limits: SessionLimits = LIMITS, tallies: SessionTallies | None = None) -> Session:
    return Session(UUID(int=9), limits, now=0.0, observer=tallies or SessionTallies())


def ready_session(
    limits: SessionLimits = LIMITS, *, seconds_left: float = 900, tallies: SessionTallies | None = None
) -> Session:
    session = new_session(limits, tallies)
    session.text_frame(AUTH, 0.0)
    session.token_verified(principal(), seconds_left, 0.0)
    session.joined(Joining.JOINED, 0.0)
    assert session.state is State.READY
    return session


def ping(seq: int, **more: Any) -> str:
    return json.dumps({"type": "PING", "payload": {"seq": seq, **more}})


def sent(actions: Actions) -> list[str]:
    return [json.loads(action.frame)["type"] for action in actions if isinstance(action, Send)]


def closed_with(actions: Actions) -> CloseCode:
    (action,) = actions
    assert isinstance(action, Close)
    return action.code


def test_a_good_token_is_verified_then_joined_then_ready() -> None:
    session, who = new_session(), principal()

    assert session.text_frame(AUTH, 1.0) == (Verify("a.b.c"),)
    assert session.token_verified(who, 900, 1.1) == (Join(who),)
    (ready,) = session.joined(Joining.JOINED, 1.2)

    assert isinstance(ready, Send)
    assert json.loads(ready.frame) == {
        "type": "READY",
        "payload": {
            "connection_id": str(UUID(int=9)),
            "user_id": str(ANN),
            "heartbeat_s": 25.0,
            "expires_at": "2030-01-01T00:00:00.000000Z",
        },
    }


def test_nothing_is_delivered_before_ready() -> None:
    session = new_session()
    assert not session.delivery(1, 0.0)
    session.text_frame(AUTH, 0.0)
    assert not session.delivery(1, 0.0)
    session.token_verified(principal(), 900, 0.0)
    assert not session.delivery(1, 0.0)
    session.joined(Joining.JOINED, 0.0)

    assert session.delivery(1, 0.0)


def test_no_token_in_time_closes_4408() -> None:
    session = new_session()
    assert session.deadline == LIMITS.auth_seconds
    assert session.tick(4.9) == ()

    assert closed_with(session.tick(5.0)) == CloseCode.NO_TOKEN_IN_TIME
    assert session.deadline is None


def test_a_token_in_time_is_not_late_however_long_its_verification_takes() -> None:
    session = new_session()
    session.text_frame(AUTH, 4.9)

    assert session.tick(8.0) == ()


@pytest.mark.parametrize(
    "frame",
    [
        ping(0),
        "",
        "not json",
        "[]",
        "null",
        "{}",
        json.dumps({"type": "AUTH"}),
        json.dumps({"type": "AUTH", "payload": {}}),
        json.dumps({"type": "AUTH", "payload": {"token": ""}}),
        json.dumps({"type": "AUTH", "payload": {"token": 7}}),
        json.dumps({"type": "AUTH", "payload": {"token": "x" * 9_000}}),
        json.dumps({"type": "READY", "payload": {}}),
        json.dumps({"type": ["AUTH"], "payload": {"token": "x"}}),
        "[" * 16_000,
    ],
)
def test_a_malformed_unknown_or_untimely_first_frame_closes_4400(frame: str) -> None:
    assert closed_with(new_session().text_frame(frame, 0.0)) == CloseCode.MALFORMED


@pytest.mark.parametrize("frame", ["x", '{"type":"PING"}', *WRONG_PINGS])
def test_a_malformed_frame_closes_4400_later_too(frame: str) -> None:
    assert closed_with(ready_session().text_frame(frame, 1.0)) == CloseCode.MALFORMED


def test_a_binary_frame_closes_4400() -> None:
    assert closed_with(new_session().binary_frame()) == CloseCode.MALFORMED
    assert closed_with(ready_session().binary_frame()) == CloseCode.MALFORMED


def test_unknown_fields_are_ignored() -> None:
    frame = json.dumps({"type": "AUTH", "payload": {"token": "t", "resume": 5}, "version": 2})

    assert new_session().text_frame(frame, 0.0) == (Verify("t"),)
    assert sent(ready_session().text_frame(ping(0, more=1), 0.0)) == ["PONG"]


def test_a_second_token_while_the_first_is_verified_closes_4400() -> None:
    session = new_session()
    session.text_frame(AUTH, 0.0)

    assert closed_with(session.text_frame(AUTH, 0.1)) == CloseCode.MALFORMED


def _refused(session: Session) -> Actions:
    return session.token_refused()


def _already_over(session: Session) -> Actions:
    return session.token_verified(principal(), 0, 0.0)


def _session_ended(session: Session) -> Actions:
    session.token_verified(principal(), 900, 0.0)
    return session.joined(Joining.SESSION_ENDED, 0.0)


@pytest.mark.parametrize("answer", [_refused, _already_over, _session_ended])
def test_a_token_that_lets_nobody_in_closes_4401(answer: Callable[[Session], Actions]) -> None:
    session = new_session()
    session.text_frame(AUTH, 0.0)

    assert closed_with(answer(session)) == CloseCode.UNAUTHENTICATED


def test_too_many_connections_of_one_person_close_4409() -> None:
    session = new_session()
    session.text_frame(AUTH, 0.0)
    session.token_verified(principal(), 900, 0.0)

    assert closed_with(session.joined(Joining.TOO_MANY_CONNECTIONS, 0.0)) == CloseCode.TOO_MANY_CONNECTIONS


def test_trouble_of_our_own_turns_a_newcomer_away_for_a_while() -> None:
    session = new_session()
    session.text_frame(AUTH, 0.0)

    assert closed_with(session.unavailable()) == CloseCode.OVERLOADED


def test_a_token_is_renewed_on_the_open_socket() -> None:
    session = ready_session(seconds_left=60)
    renewed = principal()

    assert session.text_frame(AUTH, 50.0) == (Verify("a.b.c"),)
    assert session.token_verified(renewed, 900, 50.0) == (Join(renewed),)
    assert sent(session.joined(Joining.JOINED, 50.0)) == ["READY"]
    assert session.tick(60.0) == ()
    assert session.text_frame(AUTH, 70.0) == (Verify("a.b.c"),)


def test_deliveries_go_on_while_a_token_is_renewed() -> None:
    session = ready_session()
    session.text_frame(AUTH, 1.0)
    assert session.delivery(1, 1.0)
    session.token_verified(principal(), 900, 1.0)
    assert session.delivery(2, 1.0)


def test_the_old_token_counts_until_the_new_one_is_found_good() -> None:
    session = ready_session(seconds_left=60)
    session.text_frame(AUTH, 59.0)

    assert closed_with(session.tick(60.0)) == CloseCode.UNAUTHENTICATED
    assert session.token_verified(principal(), 900, 60.1) == ()


def test_another_persons_token_closes_4401() -> None:
    session = ready_session()
    session.text_frame(AUTH, 1.0)

    assert closed_with(session.token_verified(principal(UUID(int=2)), 900, 1.0)) == CloseCode.UNAUTHENTICATED


def test_a_renewal_that_cannot_be_verified_now_leaves_the_window_open_with_its_old_token() -> None:
    session = ready_session(seconds_left=60)
    session.text_frame(AUTH, 10.0)

    assert sent(session.unavailable()) == ["ERROR"]
    assert session.text_frame(AUTH, 20.0) == (Verify("a.b.c"),)
    assert closed_with(session.tick(60.0)) == CloseCode.UNAUTHENTICATED


def test_an_expired_token_closes_4401_at_its_time() -> None:
    session = ready_session(seconds_left=30)
    assert session.deadline == 30
    assert session.tick(29.9) == ()

    assert closed_with(session.tick(30.0)) == CloseCode.UNAUTHENTICATED


def test_an_ended_session_closes_4401() -> None:
    assert closed_with(ready_session().session_ended()) == CloseCode.UNAUTHENTICATED


def test_a_silent_page_is_closed_and_a_heartbeat_keeps_it_open() -> None:
    session = ready_session()
    session.text_frame(ping(0), 70.0)
    assert session.tick(75.0) == ()
    assert session.deadline == 145.0

    assert closed_with(session.tick(145.0)) == CloseCode.TOO_SLOW


def test_a_page_that_applied_everything_is_never_asked_to_sync() -> None:
    session = ready_session()
    for seq in (1, 2, 3):
        session.delivery(seq, 1.0)

    assert sent(session.text_frame(ping(3), 60.0)) == ["PONG"]
    assert sent(session.text_frame(ping(9), 61.0)) == ["PONG"]


def test_a_page_that_stays_behind_what_was_sent_is_asked_to_sync() -> None:
    session = ready_session()
    session.delivery(4, 10.0)

    assert sent(session.text_frame(ping(3), 14.9)) == ["PONG"]
    assert sent(session.text_frame(ping(3), 15.0)) == ["PONG", "RESYNC"]


def test_a_page_that_stays_behind_is_not_asked_with_every_heartbeat() -> None:
    session = ready_session()
    session.delivery(4, 0.0)
    answers = [sent(session.text_frame(ping(3), float(now))) for now in range(5, 66, 5)]

    assert [answer == ["PONG", "RESYNC"] for answer in answers] == [i % 6 == 0 for i in range(13)]


def test_a_page_that_catches_up_gets_its_time_for_the_rest() -> None:
    session = ready_session()
    session.delivery(4, 0.0)
    session.delivery(5, 9.9)

    assert sent(session.text_frame(ping(4), 10.0)) == ["PONG"]
    assert sent(session.text_frame(ping(4), 14.9)) == ["PONG"]
    assert sent(session.text_frame(ping(4), 15.0)) == ["PONG", "RESYNC"]


def test_too_many_frames_close_4429_and_the_allowance_refills() -> None:
    session = ready_session()
    for _ in range(59):
        assert sent(session.text_frame(ping(0), 0.0)) == ["PONG"]
    assert sent(session.text_frame(ping(0), 1.0)) == ["PONG"]

    assert closed_with(session.text_frame(ping(0), 1.5)) == CloseCode.TOO_MANY_MESSAGES


def test_a_page_is_asked_to_go_and_then_closed_with_1012() -> None:
    session = ready_session()
    (action,) = session.drain(1_500)
    assert isinstance(action, Send)
    assert json.loads(action.frame) == {"type": "RECONNECT", "payload": {"after_ms": 1_500}}

    assert closed_with(session.restart()) == CloseCode.RESTARTING


def test_a_page_that_joins_while_the_gateway_goes_is_asked_to_go_when_it_is_ready() -> None:
    session = new_session()
    session.text_frame(AUTH, 0.0)
    session.token_verified(principal(), 900, 0.0)

    assert session.drain(1_500) == ()
    assert sent(session.joined(Joining.JOINED, 0.0)) == ["READY", "RECONNECT"]
    session.text_frame(AUTH, 1.0)
    session.token_verified(principal(), 900, 1.0)
    assert sent(session.joined(Joining.JOINED, 1.0)) == ["READY"]
    assert closed_with(new_session().restart()) == CloseCode.RESTARTING


def test_resync_is_sent_only_to_a_window_that_is_ready() -> None:
    assert sent(ready_session().resync()) == ["RESYNC"]
    assert new_session().resync() == ()


def test_an_acknowledgement_is_as_late_as_it_came_after_the_first_push_that_it_proves() -> None:
    session = ready_session(tallies=(tallies := SessionTallies()))
    session.text_frame(ping(0), 1.0)
    session.delivery(1, 2.0)
    session.delivery(2, 3.0)
    session.text_frame(ping(2), 4.5)
    session.text_frame(ping(2), 9.0)

    assert sum(tallies.acknowledged_seconds.counts) == 1
    assert tallies.acknowledged_seconds.total == 2.5


def test_a_change_is_acknowledged_with_its_age_when_it_was_pushed_and_the_time_until_it_is_proved() -> None:
    session = ready_session(tallies=(tallies := SessionTallies()))
    session.delivery(1, 2.0, age=4.0)
    session.text_frame(ping(0), 3.0)
    assert sum(tallies.change_acknowledged_seconds.counts) == 0
    session.text_frame(ping(1), 4.5)

    assert sum(tallies.change_acknowledged_seconds.counts) == 1
    assert tallies.change_acknowledged_seconds.total == 6.5


def test_of_the_changes_that_wait_for_proof_the_first_is_measured_and_once() -> None:
    session = ready_session(tallies=(tallies := SessionTallies()))
    session.delivery(1, 2.0, age=0.5)
    session.delivery(2, 3.0, age=100.0)
    session.text_frame(ping(1), 4.0)
    session.text_frame(ping(1), 5.0)
    session.text_frame(ping(2), 6.0)
    assert tallies.change_acknowledged_seconds.total == 2.5
    session.delivery(3, 7.0, age=0.25)
    session.text_frame(ping(9), 8.0)

    assert sum(tallies.change_acknowledged_seconds.counts) == 2
    assert tallies.change_acknowledged_seconds.total == 3.75


def test_a_frame_of_no_event_is_proved_like_all_and_measures_no_change() -> None:
    session = ready_session(tallies=(tallies := SessionTallies()))
    session.delivery(1, 2.0)
    session.delivery(2, 2.0, age=3.0)
    session.text_frame(ping(2), 4.0)

    assert sum(tallies.acknowledged_seconds.counts) == 1
    assert sum(tallies.change_acknowledged_seconds.counts) == 0


def test_every_request_to_sync_is_counted() -> None:
    session = ready_session(tallies=(tallies := SessionTallies()))
    session.resync()
    session.delivery(1, 1.0)
    assert sent(session.text_frame(ping(0), 20.0)) == ["PONG", "RESYNC"]
    new_session(tallies=tallies).resync()

    assert tallies.resyncs == 2


def test_a_closed_session_has_nothing_more_to_say() -> None:
    session = ready_session()
    assert closed_with(session.too_slow()) == CloseCode.TOO_SLOW

    for actions in (
        session.text_frame(AUTH, 1.0),
        session.binary_frame(),
        session.token_verified(principal(), 900, 1.0),
        session.token_refused(),
        session.joined(Joining.JOINED, 1.0),
        session.session_ended(),
        session.unavailable(),
        session.resync(),
        session.drain(1),
        session.restart(),
        session.tick(10_000.0),
    ):
        assert actions == ()
    assert not session.delivery(1, 1.0)
