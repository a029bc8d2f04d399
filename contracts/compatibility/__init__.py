"""The present contracts, held against the last released set: `python -m contracts.compatibility check|release VERSION`.

What it does
    `schema` compares two JSON Schemas, `openapi` two documents of an API, `codes` and `topology` what is no schema.
    `released` knows the released sets and compares a whole one with `contracts/schemas`. `samples` makes golden samples
    of events.

Guarantees
    What is told is what would break somebody: a consumer of what we send if it became wider, a sender of what we take
    if it became narrower, either if a field, a type, a route, a code or a queue went. A difference in a keyword that
    the comparison does not know is told as well, since nobody has judged it. What is added is not told: consumers
    ignore fields and frames, and treat codes of open lists, that they do not know.

A released set is never changed. A break that is meant takes the next first number of the version.
"""
