"""A position in a list as an opaque text for clients: 8 bytes of microseconds and 16 bytes of id, in base64url."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from task_service.queries.pages import Position

_LAYOUT = struct.Struct(">q16s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class InvalidCursorError(Exception):
    """The text is no cursor of ours."""

    def __init__(self) -> None:
        super().__init__("this is not a cursor that a page before has given")


def encode_cursor(position: Position) -> str:
    """Write a position for a client."""
    packed = _LAYOUT.pack((position.created_at - _EPOCH) // _MICROSECOND, position.id.bytes)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    """Read a position that a client gives back.

    Raises:
        InvalidCursorError: it is not one of ours.
    """
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        microseconds, raw_id = _LAYOUT.unpack(packed)
        return Position(_EPOCH + microseconds * _MICROSECOND, UUID(bytes=raw_id))
    except (binascii.Error, struct.error, OverflowError, ValueError) as error:
        raise InvalidCursorError from error
