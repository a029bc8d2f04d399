"""The frame `READY` as text: of all that follows a good token, a model made only to be written would cost the most."""

from uuid import UUID

from contracts.model import rfc3339
from contracts.tokens import Principal


def ready_frame(connection_id: UUID, principal: Principal, heartbeat_seconds: float) -> bytes:
    """Write `contracts.socket.frames.Ready`, encoded; no value in it needs escaping."""
    return (
        f'{{"type":"READY","payload":{{"connection_id":"{connection_id}","user_id":"{principal.user_id}",'
        f'"heartbeat_s":{float(heartbeat_seconds)},"expires_at":"{rfc3339(principal.expires_at)}"}}}}'
    ).encode()
