"""The stream `notification.deliveries`, read by every gateway from its own place.

What it does
    `feed` is one consumer of the stream on one connection. `messages` turns what it reads into calls of the hub.
    `reader` keeps a feed open for as long as the process runs, and decides where each one starts.

States
    starting (reading what is older than the start, only for ended sessions) → reading → lost → resuming → reading.
    A feed that cannot be resumed is started again, and every window is then told to `RESYNC`.

Guarantees
    What is published while the stream is read reaches the hub, in order, and once. A lost connection loses and repeats
    nothing as long as the stream still holds the message that was applied last. A message that cannot be read is
    logged and skipped. Nothing here waits for a socket: the hub takes frames at once.

Lifecycle
    One reader for the process. `StreamReader.is_read` is set while the stream is being read; no window becomes READY
    without it.

May import
    contracts, infra, the hub, aio-pika. FastStream is not used here: it hides the offset of a message.
"""
