"""The frame `READY` is written as text, and is what its model says."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from contracts.socket.frames import Ready, ReadyPayload
from contracts.tokens import Principal
from ws_gateway.sockets.ready import ready_frame

MOMENTS = (
    datetime(2030, 1, 1, tzinfo=UTC),
    datetime(2030, 1, 1, 12, 15, 0, 123_456, tzinfo=UTC),
    datetime(2030, 1, 1, 12, 15, 0, 7, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
)


@pytest.mark.parametrize("heartbeat_seconds", [25, 25.0, 0.1, 1 / 3, 86_400.0])
@pytest.mark.parametrize("expires_at", MOMENTS)
def test_the_frame_is_byte_for_byte_what_its_model_says(expires_at: datetime, heartbeat_seconds: float) -> None:
    connection_id = uuid4()
    who = Principal(user_id=UUID(int=1), name='An"n', session_id=uuid4(), expires_at=expires_at)
    payload = ReadyPayload(
        connection_id=connection_id, user_id=who.user_id, heartbeat_s=heartbeat_seconds, expires_at=who.expires_at
    )

    assert ready_frame(connection_id, who, heartbeat_seconds) == Ready(payload=payload).model_dump_json().encode()
