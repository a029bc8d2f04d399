"""Frames from the broker are read as the client library reads them."""

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec, module_from_spec
from typing import Any

import pamqp.frame
import pytest
from aiormq.connection import FrameReceiver
from aiormq.exceptions import AMQPConnectionError, ProtocolSyntaxError
from hypothesis import given
from hypothesis import strategies as st
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from pamqp.heartbeat import Heartbeat

from infra.broker.receiving import read_frames_whole


def _untouched() -> Any:
    """Load the library's own reader once more: another test may have replaced the method of the one in use."""
    spec = find_spec("aiormq.connection")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FrameReceiver


_LibraryReceiver = _untouched()

_frames = st.one_of(
    st.builds(lambda body: pamqp.frame.marshal(ContentBody(body), 3), st.binary(max_size=300)),
    st.just(pamqp.frame.marshal(Basic.Deliver("tag", 7, exchange="", routing_key="key"), 1)),
    st.just(pamqp.frame.marshal(ContentHeader(body_size=12), 1)),
    st.just(pamqp.frame.marshal(Heartbeat(), 0)),
)
_ends = st.one_of(
    st.just(b""),
    st.binary(max_size=20).filter(lambda rest: not rest.startswith(b"A")),
    st.sampled_from([b"\3\0\1\0\0\0\2xxx", b"\1\0\1\0\0\0\4\0\0\0\0\xce", b"\3\0\1\0\0\0\0\xce"]),
)


@pytest.fixture(autouse=True, scope="module")
def _reading() -> Iterator[None]:
    """Leave the library as it was found."""
    found = FrameReceiver.get_frame
    yield
    FrameReceiver.get_frame = found  # type: ignore[method-assign]  # (the only way back)


async def read(data: bytes, receiver: Any = FrameReceiver) -> list[object]:
    """Give what is read of these bytes, up to the end or to what fails."""
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    seen: list[object] = []
    try:
        async for length, channel, frame in receiver(reader):
            seen.append((length, channel, type(frame), frame.marshal()))
    except Exception as error:  # noqa: BLE001 (which one it is, is compared)
        seen.append(type(error))
    return seen


@given(st.lists(_frames, max_size=5).map(b"".join), _ends)
def test_the_same_is_read_as_by_the_library_whatever_comes(frames: bytes, end: bytes) -> None:
    read_frames_whole()
    assert _LibraryReceiver.get_frame is not FrameReceiver.get_frame

    assert asyncio.run(read(frames + end)) == asyncio.run(read(frames + end, _LibraryReceiver))


async def test_a_frame_that_comes_byte_by_byte_is_read() -> None:
    read_frames_whole()
    reader = asyncio.StreamReader()
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(FrameReceiver(reader).get_frame())
        for byte in pamqp.frame.marshal(ContentBody(b"hello"), 3):
            await asyncio.sleep(0)
            reader.feed_data(bytes((byte,)))
    length, channel, frame = reading.result()

    assert (length, channel, frame.marshal()) == (13, 3, b"hello")


async def test_a_broker_of_another_version_and_a_connection_that_broke_off_are_told_apart() -> None:
    read_frames_whole()

    assert await read(b"AMQP\0\0\x09\1") == [ProtocolSyntaxError]
    broken = asyncio.StreamReader()
    broken.set_exception(ConnectionResetError("gone"))
    with pytest.raises(AMQPConnectionError):
        await FrameReceiver(broken).get_frame()
