"""Messages out and confirms in, over one channel of the client library.

What the library's own `basic_publish` does for each message (a lock, a time limit, a write and the wait until it is
taken) is done here for all messages of one turn of the event loop together. Reading stays with the library: it finds
who waits for a confirm, a nack or a return in `confirmations`.
"""

import asyncio
from collections import deque

import aiormq.abc
from aiormq.channel import Channel
from aiormq.exceptions import ChannelInvalidStateError

WRITE_BYTES = 1_000_000
"""What is handed over at once ends with the message that reaches this."""


class ConfirmedSending:
    """Sends over a channel that nobody else publishes on; messages leave in the order of the calls.

    One write is under way at any time. What is sent meanwhile goes with the next: so a broker that reads nothing is
    handed nothing more, and what waits is bounded by what the callers have in flight. A write is bounded too: messages
    are not copied together by the hundred megabytes, and others of the connection (a heartbeat) come in between.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._unwritten: deque[bytes] = deque()
        self._writing = False
        self._in_flight: set[asyncio.Future[object]] = set()
        channel.closing.add_done_callback(self._on_close)

    async def send(self, frames: bytes, message_id: str, seconds: float) -> None:
        """Send the frames of a message; returns when the broker has confirmed it.

        Raises:
            PublishError: the broker gave it back.
            DeliveryError: the broker did not take it.
            TimeoutError: no answer came in time.
            Exception: what ended the channel.
        """
        channel = self._channel
        if channel.is_closed:
            raise ChannelInvalidStateError("the channel is closed")
        confirm: asyncio.Future[object] = self._loop.create_future()
        channel.delivery_tag += 1
        channel.confirmations[channel.delivery_tag] = confirm
        channel.message_id_delivery_tag[message_id] = channel.delivery_tag
        self._in_flight.add(confirm)
        self._unwritten.append(frames)
        if not self._writing:
            self._writing = True
            self._loop.call_soon(self._write)
        overdue = self._loop.call_later(seconds, self._give_up, message_id, confirm)
        try:
            await confirm
        finally:
            overdue.cancel()
            self._in_flight.discard(confirm)
            channel.message_id_delivery_tag.pop(message_id, None)

    def _give_up(self, message_id: str, confirm: asyncio.Future[object]) -> None:
        """Fail a message that is overdue; who waits for it runs only later, in the next turn of the loop.

        The library hands a message that comes back to the confirm it finds by this id, and does not look whether that
        is done: its channel ends of it.
        """
        self._channel.message_id_delivery_tag.pop(message_id, None)
        _fail(confirm, TimeoutError("no confirm in time"))

    def _write(self, _: object = None) -> None:
        """Hand over what waits, up to a bound; called again when the kernel has taken enough of it."""
        if not self._unwritten or self._channel.is_closed:
            self._writing = False
            return
        if self._channel.write_queue.full():
            # The library's writer hangs. What waits goes with the next message, or is given up in time.
            self._writing = False
            return
        together: list[bytes] = []
        size = 0
        while self._unwritten and size < WRITE_BYTES:
            together.append(self._unwritten.popleft())
            size += len(together[-1])
        taken: asyncio.Future[object] = self._loop.create_future()
        frame = aiormq.abc.ChannelFrame(b"".join(together), should_close=False, drain_future=taken)
        self._channel.write_queue.put_nowait(frame)
        taken.add_done_callback(self._write)

    def _on_close(self, closing: asyncio.Future[object]) -> None:
        error = None if closing.cancelled() else closing.exception()
        if not isinstance(error, Exception):
            error = ChannelInvalidStateError("the channel was closed")
        for confirm in self._in_flight:
            _fail(confirm, error)


def _fail(confirm: asyncio.Future[object], error: Exception) -> None:
    if not confirm.done():
        confirm.set_exception(error)
