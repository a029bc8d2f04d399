"""Nothing is lost and nobody is told twice, whatever breaks: `python -m tests.faults`, or `make faults`.

What it does
    `system` starts the whole product as processes (`parts`) beside a PostgreSQL and a RabbitMQ of its own that keep
    their data (`servers`). Every way between two parts leads through a `links.Link`, and people reach the gateways and
    the notification APIs through a balancer. `people` use it as their pages do (`windows`), and write (`writing`) what
    they sent and what was answered into a `journal`. Meanwhile `schedule` draws faults (`kinds`) from a seed. After
    each, the `canary` says how long it takes until a change reaches windows again.

The judge
    At the end everybody stops, the system comes to rest, and `observed` reads what there is to see: the events that
    the broker had, everybody's inbox over HTTP, every window. `judging` compares that with the journal. It shares no
    code with the product, and `sabotage` shows that it catches a product that is broken on purpose.

Guarantees
    A seed draws the same faults at the same moments. What the writers do is drawn from it too, but who comes first is
    not: eighteen processes decide that. Every wait has a bound. What was started is stopped, also by the kernel when
    we are killed.

May import
    infra.local for the servers, contracts.topology for names; nothing else of the product.
"""
