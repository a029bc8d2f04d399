"""What is measured: servers and processes of our own, started for a benchmark, watched, and stopped.

What it does
    `stage` has a PostgreSQL that keeps its data and a RabbitMQ, both private, for the whole run; each turn gets fresh
    databases and a fresh virtual host on them. `process` is one process that is measured. `system` is the whole
    product; `gateways` is a gateway alone. `population` fills the databases of a system with people, tasks and
    watchers. `sampling` notes what each process used.

Guarantees
    Nothing outlives the run: the kernel ends what we started when we end.
"""
