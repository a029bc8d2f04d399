"""How a service takes messages from its queues, in order, and lays aside what it cannot handle.

What it does
    `connection` opens a FastStream broker on the first address that answers, with a `lane` for each queue, which is
    consumed on a channel of its own (docs/decisions/0013), attached and let go as a whole. A handler gets a message as
    it is (`received`), and it is acknowledged when what it says is done. `dead_letters` publishes what nobody can
    handle, with its reason. `single_queue` keeps one queue attached for as long as a process runs.

Guarantees
    In order for each queue, as long as a handler reaches its work without giving way. What was not acknowledged goes
    back to its queue, in its place, when the channel is closed. A message becomes a dead letter, confirmed, before it
    is acknowledged. What a handler drops by dying comes again: the queue is soon attached anew.

Lifecycle
    A connection is never repaired, always replaced. `SingleQueue.run` is a service of `infra.lifecycle`.

May import
    FastStream, its client library, the names of the topology, and the rest of `infra`.
"""
