"""What a process says of itself: log lines, and spans of traces.

What it does
    `logging` sends log lines to standard error. `traceparent` knows which change is worked on right now, and gives its
    trace's id to every log line and to every event that is written. `tracing` makes spans of it, if traces are on;
    only then `spans` is imported, and with it the OpenTelemetry SDK.

One trace for one change
    A request to an API begins a trace. The event that it writes carries the trace in its `traceparent`, the frames that
    come of the event carry it on, and each hop hangs its span below the one that wrote what it handles:

        request ─┬─ publish   the task relay, to the confirm
                 └─ apply ─┬─ publish   the notification relay
                           └─ push      each gateway that has a window for it, to the write on the socket

    A batch has no span of its own: each event in it has one, below its own request.

Guarantees
    · Every event carries a trace's id, traces on or off: so log lines of one change are found by it in all processes.
    · Off, a hook costs one look at a variable. On, what is not sampled costs little more.
    · No span holds what a person wrote, is called, or is known by: no path, no header, no text of an error, no id of a
      person, a task, or a session. The ids of events and deliveries are there, as in the logs.
    · A collector that is away or slow costs a bounded queue of spans and a log line a minute; work never waits for it.
    · The tracer is ours alone. It is not the global one of OpenTelemetry, to which libraries would add what they like.

Lifecycle
    `process.configure_telemetry` at the start of a process, `tracing.stop` at its end: what waits is sent, for two
    seconds at most.

May import
    structlog; the OpenTelemetry SDK and its OTLP exporter (`spans`).
"""
