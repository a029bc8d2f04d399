from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notification_worker.api.cursors import CURSOR_LENGTH, cursor_of, position_of
from notification_worker.commands.pages import Position

moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis wants naive bounds)


@given(moments, st.uuids())
def test_a_cursor_leads_back_to_its_position(created_at: datetime, notification_id: UUID) -> None:
    position = Position(created_at, notification_id)
    assert position_of(cursor_of(position)) == position
    assert len(cursor_of(position)) <= CURSOR_LENGTH


@given(st.text(max_size=300))
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        position_of(cursor)
