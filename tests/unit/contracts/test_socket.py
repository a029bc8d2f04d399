import json
from typing import get_args
from uuid import uuid4

import pytest
from pydantic import ValidationError

from contracts.socket.close_codes import CLOSE_RULES, CloseCode, ComeBack
from contracts.socket.frames import Auth, Ping, ServerFrame, client_frame, server_frame


def test_every_close_code_says_whether_to_come_back() -> None:
    assert set(CLOSE_RULES) == set(CloseCode)


def test_codes_of_our_own_lie_in_the_range_for_applications() -> None:
    reserved = {CloseCode.FRAME_TOO_BIG, CloseCode.RESTARTING, CloseCode.OVERLOADED}

    assert all(4000 <= code <= 4999 for code in set(CloseCode) - reserved)


def test_nobody_comes_back_after_a_mistake_of_the_page_itself() -> None:
    never = {code for code, rule in CLOSE_RULES.items() if rule.come_back is ComeBack.NEVER}

    assert never == {CloseCode.MALFORMED, CloseCode.TOO_MANY_CONNECTIONS, CloseCode.FRAME_TOO_BIG}


def test_frames_of_a_page_are_told_apart_by_their_type() -> None:
    assert isinstance(client_frame.validate_json('{"type": "AUTH", "payload": {"token": "t"}}'), Auth)
    assert isinstance(client_frame.validate_json('{"type": "PING", "payload": {"seq": 3}}'), Ping)


@pytest.mark.parametrize(
    "frame",
    ["", "[]", '{"type": "SING"}', '{"type": "PING"}', '{"type": "PING", "payload": {"seq": -1}}', '{"payload": {}}'],
)
def test_any_other_frame_of_a_page_is_refused(frame: str) -> None:
    with pytest.raises(ValidationError):
        client_frame.validate_json(frame)


def test_every_frame_of_a_gateway_has_a_type_of_its_own() -> None:
    union, _ = get_args(ServerFrame)
    types = [frame.model_fields["type"].default for frame in get_args(union)]

    assert len(set(types)) == len(types)


def test_a_frame_that_was_written_is_read_back_the_same() -> None:
    text = json.dumps({"type": "REMOVED", "payload": {"seq": 3, "ids": [str(uuid4())], "unread_count": 0}})

    frame = server_frame.validate_json(text)

    assert json.loads(server_frame.dump_json(frame)) == json.loads(text)
