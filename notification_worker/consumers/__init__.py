"""Broker in: events arrive through lanes, in order, and are applied in small batches.

What it does
    `consuming` keeps a connection, and on it the lanes that this worker should have (`lanes` says which). Each lane is
    a queue, consumed on a channel of its own (`infra.consuming.lane`). `intake` takes a message: reads it (`reading`),
    and hands its event to the one `batcher` of the worker. The handler ends with that, and the message is acknowledged
    after the commit. What was committed together is acknowledged together, with one frame for each lane.
    `infra.consuming.dead_letters` takes what nobody can handle.

Guarantees
    · In order for each lane: handlers start in the order of delivery, and each reaches the batcher without giving way.
    · Exactly once in effect: acknowledged after the commit; what comes again is known by its source and id.
    · One bad event disturbs nobody: the batch it is in is halved until it stands alone, and it is published to the
      dead letters, confirmed, before it is acknowledged.
    · Nothing is a bad event because the database or the broker is away: the batch waits, and with it, since a lane
      delivers no more than its prefetch, everything behind it.
    · At rest an event waits for no other: a batch is what has arrived while the one before was written.
    · With a backlog two batches are under way, so that one is prepared while the database has the other. Neither holds
      an event of a task or person that is in the other: to the database they are like those of two workers.
    · What takes long (an event with a large audience, the deletion of a task, the erasure of a person) is applied
      beside the batches, one by one. What follows it about the same task or person waits behind it, in its order, and
      so does what marks the end of a queue (`draining`). Nothing else does, not even in the same lane.

Sharing
    A lane delivers to one consumer at a time, whoever came first. Workers know of one another by heartbeats. Each
    attaches to its own share at once, and to the rest a little later, as a standby to whom the broker turns at once
    when the other worker is gone. When somebody comes or goes, each lets go of what is not its own, and stands by
    again. Each connection is a worker of its own, so that a short break is noticed like a long one.

Lifecycle
    `Batcher.run` and `Consuming.run` are services of `infra.lifecycle`. At the stop the running batch is finished,
    and channels are closed: what was not acknowledged goes back to its queue, in its place. A consumer is never
    cancelled first, since the next one would then start while earlier messages are still with us.

May import
    commands, contracts, infra.
"""
