"""Whether each test of what protects people fails once its guard is taken out.

What it does
    A `Guard` is data: a file, a piece of its text, what stands there when the guard is gone, and the tests that must
    notice. `python -m tests.guards` copies the tree into a temporary folder, takes out one guard after the other,
    runs its tests, and expects them to fail. Words, given as arguments, choose guards by their names, or single tests.

Guarantees
    The tree itself is never changed. A text that is not found exactly once is an error, and so is a test that is not
    there or cannot be collected. Only a test that ran and failed in itself counts: one whose fixture breaks has shown
    nothing. First all the tests are run as they are, and must pass: one that always fails proves nothing.

Lifecycle
    One process, which starts PostgreSQL and RabbitMQ once for all runs, and stops them at the end.

May import
    tests.support, infra.local.
"""
