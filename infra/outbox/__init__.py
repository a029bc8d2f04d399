"""Messages that leave a service if, and only if, the change they tell of was committed.

What it does
    A use case writes its messages into the table `outbox` in its own transaction (`writer`). The relay, a process of
    its own, publishes the rows and deletes those that the broker has confirmed (`relay`). After a commit the service
    wakes the relay (`wake_up`); without that the relay finds the row by polling.

Guarantees
    · At least once: a row is deleted only after the broker has confirmed it. A crash between the two, or a lost
      confirm, publishes it again, with the same `message_id`.
    · In order: rows of one `order_key` are published in the order of their ids, and that is the order of the commits
      as long as they are appended while the row they tell of is locked (`writer.append` flushes first).
      `Ordering.STRICT` keeps the order of all rows.
    · Nothing is skipped: ids are taken before the commit, so a row can appear below one that is gone already. There
      is no position that is read on from; the scan starts lower than any transaction still under way can write.
    · One row that the broker will not have holds up those behind it of its key (`STRICT`: all), for under two
      minutes, then it goes to `outbox_set_aside` with the reason, and an error is logged. A full queue or a broker
      that is away is never a reason to set a row aside.
    · One relay publishes. The others stand by, and take over within a second of its death. Two at once, in the moment
      of a takeover, would make duplicates only: each begins at the lowest row whose confirm is not settled.

Lifecycle
    `relay.Relay.run` and `wake_up.WakeUp.run` are services of `infra.lifecycle`. At the stop the relay finishes what
    is in flight, deletes what was confirmed, and frees its leadership.

Watching
    The relay tells an observer what it does, and `metrics` shows it to Prometheus. How much waits is read by the leader
    every few seconds (`backlog`), in a session of its own, and never more than some thousand rows.

Leadership
    The leader holds a session advisory lock on the very connection that it reads and deletes with: when the
    connection dies so does the leadership, and whoever has no lock cannot delete. A frozen process keeps its
    connection, so the leader also renews a lease. A standby that finds the lease stale ends the leader's session. The
    leader itself starts no publish when it could not renew in time, so what it sends after waking from a freeze is at
    most what was in flight.

May import
    SQLAlchemy (`table`, `writer`), asyncpg (everything of the relay), prometheus-client (`metrics`), `infra.broker`,
    `infra.metrics`.
"""
