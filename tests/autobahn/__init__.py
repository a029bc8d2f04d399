"""The Autobahn test suite, `wstest -m fuzzingclient`, against the socket as a gateway serves it.

What it does
    `echo` answers every message with itself, on sockets opened as those of a gateway are: the same connections, limits,
    handshake and way to write a text. All cases of the suite are for such a server. Only the size of a frame is not
    bounded as a gateway's is, since the suite sends 16 MiB.
    A real gateway gives no echo: what the suite sends is no frame of our protocol, and the first such one ends the
    connection. What is judged there is that nothing is logged as an error, and that the gateway is well and empty
    afterwards; how the connections ended is shown.

May import
    The gateway, tests.support.
"""
