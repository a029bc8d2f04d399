"""HTTP in: the REST API of tasks and people, the published keys, and the page.

What it does
    Each route checks its request, runs one command or one query, and makes the answer from what that gave, after the
    commit. `application` puts the routes together, `page` serves everything that is no API, `middleware` says what
    all answers have in common.

Guarantees
    Every error is a problem (RFC 9457). A request with a field that nobody knows is refused. Whoever's session has
    ended is refused at once, although the token has not expired: each request reads the session's row by its key,
    which costs one round trip and also gives the person's present name and role.

May import
    commands, queries, credentials, models; no settings.
"""
