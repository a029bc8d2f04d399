"""What proves who somebody is: passwords, the signing keys, access tokens and refresh tokens.

What it does
    `passwords` hashes with Argon2 beside the event loop. `signing_keys` reads the private keys of a folder and makes
    the first one, `key_ring` keeps a running process up to date with them, `key_rotation` is how they come and go.
    `access_tokens` issues short-lived JWTs and verifies them with our own keys. `refresh_tokens` makes the secrets of a
    session, each replaced by the next when it is used, of which only hashes are stored.

Guarantees
    At most a few passwords are hashed at once and a bounded number waits; more are refused as unavailable, since each
    needs 19 MiB and keeps a core busy for some hundredths of a second. Two processes that start at once on an empty
    folder end up with one key.

Lifecycle
    Keys are read at the start and again every few seconds: one that was added is published by all processes before it
    signs, and one that was removed is forgotten.

May import
    infra and contracts; no models, no framework.
"""
