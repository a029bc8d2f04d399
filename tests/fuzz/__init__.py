"""What comes from outside may be anything: searches for input that breaks a promise.

What it does
    `test_sockets` drives real sockets against the gateway's endpoint with hypothesis, as a state machine.
    `requests` makes HTTP requests of an OpenAPI document, good ones and bad ones, and holds the answers against it; the
    tests that send them to the APIs are with those of each API (`test_fuzzed_api`).
    `test_messages` gives the readers of events, deliveries and frames bytes near and far from good ones.

Two forms
    `make test` runs the same few examples every time, in some seconds. `make fuzz MINUTES=60` takes many more, other
    ones each time; hypothesis prints how to repeat one that fails.

Guarantees
    Bounded in time. A finding is mended with a test of its own, outside of this package.

May import
    The product, tests.support, hypothesis.
"""
