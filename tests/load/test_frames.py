"""The load process reads frames as servers send them, in whatever pieces they come."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from tests.load.generator.frames import CLOSE, PING, TEXT, Reader, frame

CONTENTS = [b"", b"x", b"x" * 125, b"x" * 126, b"x" * 300, b"x" * 65_535, b"x" * 65_536, b"x" * 100_000]


def sent_by_a_server(content: bytes) -> bytes:
    return Frame(Opcode.TEXT, content).serialize(mask=False)


@pytest.mark.parametrize("piece", [1, 2, 7, 1_000, 1_000_000])
def test_reader_gives_every_frame_whole_however_the_bytes_are_cut(piece: int) -> None:
    stream = b"".join(map(sent_by_a_server, CONTENTS))
    reader = Reader()

    read = [found for start in range(0, len(stream), piece) for found in reader.frames(stream[start : start + piece])]

    assert read == [(TEXT, content) for content in CONTENTS]


@pytest.mark.parametrize("content", CONTENTS)
def test_frame_of_a_client_is_read_by_the_library_of_the_server(content: bytes) -> None:
    server = Protocol(Side.SERVER, state=State.OPEN, max_size=None)

    server.receive_data(frame(TEXT, content) + frame(PING, b"beat") + frame(CLOSE, (1000).to_bytes(2, "big")))

    first, ping, close = server.events_received()
    assert isinstance(first, Frame)
    assert isinstance(ping, Frame)
    assert isinstance(close, Frame)
    assert (first.opcode, bytes(first.data)) == (Opcode.TEXT, content)
    assert (ping.opcode, bytes(ping.data)) == (Opcode.PING, b"beat")
    assert close.opcode is Opcode.CLOSE
