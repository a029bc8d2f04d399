"""The whole system on one machine, without containers: `python -m infra.local up`.

What it does: starts a private PostgreSQL and a private RabbitMQ (or uses existing ones), makes databases, users and
topology, migrates, starts the six processes, waits until each is ready, and fills in a demo on the first start. The
tests start the same servers through `postgres` and `rabbitmq`.

Guarantees: everything lives in `$TASKIFY_HOME` (`.taskify`), and one launcher works on it at a time. Servers listen on
the loopback address only, with random passwords kept in `secrets.json`. What is started is stopped, in reverse order,
on Ctrl-C, on an error, when one process dies, and by the kernel when the launcher is killed.

Lifecycle: `up` checks, starts stage after stage, watches, stops. A second `up` keeps the data; `reset` drops it.

May import: `contracts.topology`, `infra`; talks to the services only over HTTP. No product code imports it.
"""
