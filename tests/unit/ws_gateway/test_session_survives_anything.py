"""Whatever comes in whatever order, a session answers, and closes once at most."""

import json
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from contracts.socket.frames import server_frame
from contracts.tokens import Principal
from ws_gateway.hub.directory import Joining
from ws_gateway.metrics import SessionTallies
from ws_gateway.sockets.actions import Actions, Close, Send
from ws_gateway.sockets.session import Session, SessionLimits, State

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)
_near_frames = st.fixed_dictionaries(
    {"type": st.sampled_from(["AUTH", "PING", "PONG", "x"]) | _json},
    optional={
        "payload": st.fixed_dictionaries(
            {}, optional={"token": st.text(min_size=1) | _json, "seq": st.integers() | _json, "other": _json}
        )
        | _json
    },
).map(json.dumps)
_texts = st.text() | _near_frames | st.binary().map(lambda data: data.decode(errors="replace"))

_principals = st.builds(
    Principal,
    user_id=st.sampled_from([UUID(int=1), UUID(int=2)]),
    name=st.just("Ann"),
    session_id=st.just(uuid4()),
    expires_at=st.datetimes(timezones=st.timezones()),
)

_inputs = st.one_of(
    st.tuples(st.just("text_frame"), _texts),
    st.tuples(st.just("binary_frame")),
    st.tuples(st.just("token_verified"), _principals, st.floats(-10, 1000)),
    st.tuples(st.just("token_refused")),
    st.tuples(st.just("unavailable")),
    st.tuples(st.just("joined"), st.sampled_from(Joining)),
    st.tuples(st.just("delivery"), st.integers(1, 50), st.none() | st.floats()),
    st.tuples(st.just("resync")),
    st.tuples(st.just("session_ended")),
    st.tuples(st.just("drain"), st.integers(0, 10_000)),
    st.tuples(st.just("restart")),
    st.tuples(st.just("tick")),
)
_DELIVERED = b'{"type": "PONG", "payload": {}}'
_TIMED = {"text_frame", "token_verified", "joined", "tick"}


def _put(session: Session, given_input: tuple[Any, ...], now: float) -> Actions:
    name, *arguments = given_input
    if name == "delivery":
        seq, age = arguments
        return (Send(_DELIVERED),) if session.delivery(seq, now, age) else ()
    actions: Actions = getattr(session, name)(*arguments, *([now] if name in _TIMED else []))
    return actions


@given(st.lists(st.tuples(_inputs, st.floats(0, 30)), max_size=30))
def test_a_session_never_raises_and_closes_once_and_last(inputs: list[tuple[tuple[Any, ...], float]]) -> None:
    session, now, closings = Session(uuid4(), SessionLimits(), 0.0, SessionTallies()), 0.0, 0
    for given_input, passed in inputs:
        now += passed
        actions = _put(session, given_input, now)

        assert not (closings and actions), "it spoke after it had closed"
        assert all(not isinstance(action, Close) for action in actions[:-1]), "something came after the closing"
        for action in actions:
            if isinstance(action, Send):
                server_frame.validate_json(action.frame)
        closings += sum(isinstance(action, Close) for action in actions)
        assert (session.state is State.CLOSED) == bool(closings)
        assert (session.deadline is None) == bool(closings)


@given(_texts)
def test_a_first_frame_of_any_text_never_raises(text: str) -> None:
    assert Session(uuid4(), SessionLimits(), 0.0, SessionTallies()).text_frame(text, 1.0)
