"""What crosses the broker and the socket, as AsyncAPI 3.0 documents and as pages to read.

What it does
    `broker` makes the document of exchanges, queues, events, deliveries and dead letters, `socket` that of the frames
    between a gateway and a page; both take everything from the models and from `contracts.topology`. `parts` is what
    they share. `pages` writes a document as Markdown. `python -m contracts.generate` writes them all.

Guarantees
    The documents stand for themselves: no reference leaves them. What AsyncAPI's bindings have no word for (arguments
    of exchanges and queues, AMQP properties, close codes) stands in extensions, `x-…`, which the pages show too.

Source: AsyncAPI 3.0.0; its AMQP binding 0.3.0 and WebSockets binding 0.1.0.
"""
