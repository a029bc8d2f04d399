"""The benchmarks, in the order in which they run: first those that need a part of the system alone."""

from tests.load.rows import api, audience, connects, growth, inbox, latency, load, push, relay, scaling, storm, worker

ROWS = (
    relay.ROW,
    worker.ROW,
    push.ROW,
    connects.ROW,
    scaling.ROW,
    api.ROW,
    inbox.ROW,
    latency.ROW,
    load.SMALL,
    load.ROW,
    storm.ROW,
    audience.ROW,
    load.CROWD,
    growth.ROW,
)
