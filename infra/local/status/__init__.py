"""What runs and how well: `python -m infra.local status`.

What it does
    `reading` asks every process for its readiness and its metrics, and RabbitMQ for its queues, all at once. `figures`
    makes rates and percentiles of two such readings. `picture` draws them, and `watching` does it again and again.

Guarantees
    · Any part may be away or hang: every question has a bound of a few seconds, and what has no answer is shown so.
    · Nothing is changed: it reads pages, and declares queues passively.
    · The exit code is 0 when every process is ready and each outbox has a relay that leads, else 1. What waits for a
      person, like dead letters, is shown and changes no exit code.

Lifecycle
    One command; a connection to the broker is kept between two readings and closed at the end.

May import
    infra.broker, infra.metrics, infra.settings, httpx, prometheus-client; the rest of infra.local.
"""
