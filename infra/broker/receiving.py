"""Frames as they come from the broker, read in three quarters of the client library's time.

The library reads a frame in three parts, under a lock that nobody contends for, and copies its content six times on the
way. A worker feels it, which gets three frames for each event; a gateway hardly does. The library makes its reader of
frames itself and has no hook for another, so the one method that reads a frame is replaced. What a frame means is still
the library's to say, except for content, which means nothing.

`read_frames_whole` changes the library for the whole process, once, when a connection is made.

Source: AMQP 0-9-1, section 2.3.5.
"""

import asyncio
import struct

import pamqp.frame
from aiormq.connection import FrameReceiver
from aiormq.exceptions import AMQPConnectionError, InvalidFrameError, ProtocolSyntaxError
from pamqp.body import ContentBody
from pamqp.exceptions import PAMQPException

_HEADER = struct.Struct(">BHI")
_BODY = 3
_END = b"\xce"
_FOREIGN = b"AMQP"
"""With this a broker begins that speaks another version, in place of a frame."""


def read_frames_whole() -> None:
    """Let the client library read frames in this way, in this process, from now on."""
    FrameReceiver.get_frame = _get_frame  # type: ignore[method-assign]  # (no hook; see above)


async def _get_frame(self: FrameReceiver) -> tuple[int, int, pamqp.frame.FrameTypes]:
    """Give the length, the channel and the content of the next frame.

    Raises:
        StopAsyncIteration: the connection ended between two frames.
        AMQPConnectionError: it ended within one, or broke off.
        ProtocolSyntaxError: the broker speaks another version.
        InvalidFrameError: these bytes are no frame.
    """
    if self.reader.at_eof():
        del self.reader
        raise StopAsyncIteration
    try:
        header = await self.reader.readexactly(_HEADER.size)
        if header.startswith(_FOREIGN):
            raise ProtocolSyntaxError("Unexpected AMQP protocol header")
        kind, channel, length = _HEADER.unpack(header)
        rest = await self.reader.readexactly(length + len(_END))
    except asyncio.IncompleteReadError as error:
        raise AMQPConnectionError(f"the connection ended within a frame: {error}") from error
    except OSError as error:
        raise AMQPConnectionError(f"the connection broke off: {error!r}") from error
    if kind == _BODY and length and rest.endswith(_END):
        return len(header) + len(rest), channel, ContentBody(rest[:-1])
    try:
        return pamqp.frame.unmarshal(header + rest)
    except PAMQPException as error:
        raise InvalidFrameError(str(error)) from error
