"""The encoder of published messages, against the one of the client library."""

from collections.abc import Callable
from typing import Any

import pamqp.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from infra.broker.frames import FRAME_OVERHEAD, publish_frames

SHORT = st.text(max_size=60)
CHANNEL = 7


@given(
    fields=st.fixed_dictionaries(
        {
            "exchange": st.text("abcxyz.", max_size=60),
            **dict.fromkeys(("routing_key", "content_type", "message_id", "type_", "user_id"), SHORT),
            "body": st.binary(max_size=300).map(lambda part: part * 40),
            "headers": st.none() | st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=3),
        }
    ),
    longest=st.integers(2_000, 4_000),
)
def test_a_message_is_encoded_as_the_client_library_does_it(fields: dict[str, Any], longest: int) -> None:
    body = fields["body"]
    properties = Basic.Properties(
        content_type=fields["content_type"],
        headers=fields["headers"] or None,
        delivery_mode=2,
        message_id=fields["message_id"],
        message_type=fields["type_"],
        user_id=fields["user_id"],
    )
    frames: list[Frame | ContentHeader | ContentBody] = [
        Basic.Publish(exchange=fields["exchange"], routing_key=fields["routing_key"], mandatory=True),
        ContentHeader(body_size=len(body), properties=properties),
        *(ContentBody(body[start : start + longest]) for start in range(0, len(body), longest)),
    ]

    encoded = publish_frames(CHANNEL, **fields, frame_bytes=longest + FRAME_OVERHEAD)

    assert encoded == b"".join(pamqp.frame.marshal(frame, CHANNEL) for frame in frames)


@pytest.mark.parametrize("routing_key", ["x" * 256, "ä" * 128, "half \ud800"])
def test_a_text_that_amqp_cannot_carry_is_an_error(routing_key: str) -> None:
    with pytest.raises(ValueError, match=r"255 bytes|surrogates"):
        publish_frames(
            CHANNEL,
            "exchange",
            routing_key,
            body=b"",
            content_type="",
            message_id="1",
            type_="",
            user_id="",
            headers=None,
            frame_bytes=100,
        )


def test_headers_that_do_not_fit_one_frame_are_an_error() -> None:
    def encode(length: int) -> bytes:
        return publish_frames(
            CHANNEL,
            "exchange",
            "key",
            body=b"body",
            content_type="",
            message_id="1",
            type_="",
            user_id="",
            headers={"long": "x" * length},
            frame_bytes=4096,
        )

    longest = max(length for length in range(3_900, 4_096) if _is_encoded(encode, length))
    *_, header, _body = _frames(encode(longest))
    assert len(header) == 4096
    with pytest.raises(ValueError, match="fit a frame"):
        encode(longest + 1)


def _is_encoded(encode: Callable[[int], bytes], length: int) -> bool:
    try:
        encode(length)
    except ValueError:
        return False
    return True


def _frames(encoded: bytes) -> list[bytes]:
    frames = []
    while encoded:
        size = int.from_bytes(encoded[3:7], "big") + FRAME_OVERHEAD
        frames.append(encoded[:size])
        encoded = encoded[size:]
    return frames
