"""A message as the bytes that AMQP carries it in.

The client library has an encoder of its own, which goes through objects for each frame and takes a third of the time
of a publish. This one knows the only method that publishers send, and is tested against the other.

Source: AMQP 0-9-1, sections 2.3.5 (frames), 4.2 (grammar), and the definition of `basic.publish`.
"""

import struct
from collections.abc import Mapping

import pamqp.encode

_METHOD, _HEADER, _BODY = 1, 2, 3
_FRAME = struct.Struct(">BHI")
_FRAME_END = b"\xce"
_PUBLISH = struct.pack(">HHH", 60, 40, 0)
"""Class `basic`, method `publish`, and a field that is not used any more."""

_MANDATORY = b"\x01"
_PERSISTENT = b"\x02"
_CONTENT = struct.Struct(">HHQH")
_BASIC = 60

_CONTENT_TYPE, _HEADERS, _DELIVERY_MODE = 1 << 15, 1 << 13, 1 << 12
_MESSAGE_ID, _TYPE, _USER_ID = 1 << 7, 1 << 5, 1 << 4

FRAME_OVERHEAD = _FRAME.size + len(_FRAME_END)
_SHORT = 255


def short_string(text: str) -> bytes:
    """Encode a text of at most 255 bytes.

    Raises:
        ValueError: it is longer, or holds half of a character.
    """
    encoded = text.encode()
    if len(encoded) > _SHORT:
        raise ValueError(f"'{text[:40]}…' has more than {_SHORT} bytes")
    return bytes((len(encoded),)) + encoded


def publish_frames(
    channel: int,
    exchange: str,
    routing_key: str,
    *,
    body: bytes,
    content_type: str,
    message_id: str,
    type_: str,
    user_id: str,
    headers: Mapping[str, str] | None,
    frame_bytes: int,
) -> bytes:
    """Encode a message, mandatory and persistent; no frame of it is longer than `frame_bytes`.

    Only the body may take several frames. The method always fits: AMQP allows no limit below 4096.

    Raises:
        ValueError: AMQP cannot carry it: a text is too long, or all properties and headers together are.
    """
    method = b"".join((_PUBLISH, short_string(exchange), short_string(routing_key), _MANDATORY))
    properties = (
        (_CONTENT_TYPE, short_string(content_type) if content_type else b""),
        (_HEADERS, pamqp.encode.field_table(dict(headers)) if headers else b""),
        (_DELIVERY_MODE, _PERSISTENT),
        (_MESSAGE_ID, short_string(message_id) if message_id else b""),
        (_TYPE, short_string(type_) if type_ else b""),
        (_USER_ID, short_string(user_id) if user_id else b""),
    )
    flags = sum(flag for flag, encoded in properties if encoded)
    header = b"".join((_CONTENT.pack(_BASIC, 0, len(body), flags), *(encoded for _, encoded in properties)))
    longest = frame_bytes - FRAME_OVERHEAD
    if len(header) > longest:
        raise ValueError(f"properties and headers of {len(header)} bytes, of which {longest} fit a frame")
    parts = [
        *(_FRAME.pack(_METHOD, channel, len(method)), method, _FRAME_END),
        *(_FRAME.pack(_HEADER, channel, len(header)), header, _FRAME_END),
    ]
    for start in range(0, len(body), longest):
        part = body[start : start + longest]
        parts += (_FRAME.pack(_BODY, channel, len(part)), part, _FRAME_END)
    return b"".join(parts)
