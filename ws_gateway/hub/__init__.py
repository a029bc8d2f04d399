"""Who is connected to this gateway, and the way from a person to their windows.

What it does
    `directory` finds the windows of a person and of a session, and hands frames to them. `ended_sessions` remembers
    whose tokens are worth nothing any more. `admission` counts connections before anybody knows whose they are.

Guarantees
    No I/O and no clock: every call returns at once, and whoever calls says what time it is. Everything is bounded: by
    the connections that are admitted, and by the number of ended sessions that are remembered.

Lifecycle
    One of each for the process. A window joins when its token was found good and leaves when it closes.

May import
    The standard library.
"""
