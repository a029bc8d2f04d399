"""Load, made cheaply: thousands of windows in one process, and requests on schedule.

What it does
    `frames` reads and writes WebSocket frames (RFC 6455), as little of it as a client of our gateway needs. `window` is
    one connection, a plain `asyncio.Protocol`: no task, no stream, no future once it is open. `crowd` holds them all,
    `joining` connects them and brings them back after a cut, `__main__` takes commands as lines of JSON on its standard
    input. `http` is a client for HTTP/1.1 with connections that stay open; `schedule` sends at given moments.

Guarantees
    What is counted or noted was decoded: each frame is parsed as JSON where its arrival is timed. What a window misses,
    gets twice or gets out of order is counted. The process turns its garbage collector off, so that it does not stop
    itself, and says how late its own timers were.

Limits
    One process for up to 10,000 windows. Frames are masked with a key of zeros, which RFC 6455 allows on the wire and
    which costs nothing here; the server takes it off like any other.
"""
