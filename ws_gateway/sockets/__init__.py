"""The socket of a page: what is said on it, and the connections that carry it.

What it does
    `session` is the protocol as a state machine, with frames in and `actions` out. `window` carries out what a session
    decides, on one `connection`. `listener` is where connections come in, with their bounds. `gate` decides at the
    handshake who is let in. `endpoint` serves them all, and lets them go when the process stops, at the pace that
    `drain` gives.

States
    awaiting_token → verifying → joining → ready → closed; from each of them closed. A renewal of the token passes
    through verifying and joining beside ready.

Guarantees
    A window is READY only while the stream is being read, so that nothing of its person passes it by from then on.
    Nothing that is sent to a window waits: what does not fit into its buffer closes it, and only it, with 4002.

Lifecycle
    A connection has one reader, the coroutine that serves it, and one writer, the buffer of its transport, which is
    bounded. A timer ends what takes too long. Closing is a task of the endpoint's, bounded in time.

May import
    `session`: contracts and the hub, nothing else. The others: websockets, infra, prometheus-client.
"""
