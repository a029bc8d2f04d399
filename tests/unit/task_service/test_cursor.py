import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task_service.api.cursor import InvalidCursorError, decode_cursor, encode_cursor
from task_service.queries.pages import Position


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_gives_back_its_position_to_the_microsecond(moment: datetime, row_id: UUID) -> None:
    position = Position(moment, row_id)

    assert decode_cursor(encode_cursor(position)) == position


@given(st.text())
def test_any_other_text_is_refused_or_is_itself_a_position(text: str) -> None:
    try:
        position = decode_cursor(text)
    except InvalidCursorError:
        return
    assert decode_cursor(encode_cursor(position)) == position


@pytest.mark.parametrize(
    "text", ["", "x", "ü", "====", "a" * 31, "a" * 33, base64.urlsafe_b64encode(b"\x7f" + b"\xff" * 23).decode()]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(text)
