"""Messages in a file, a line each, so that bare and ours get the same."""

from collections.abc import Iterable
from pathlib import Path

import orjson

from infra.outbox.message import OutboxMessage


def write_messages(path: Path, messages: Iterable[OutboxMessage]) -> None:
    path.write_bytes(b"\n".join(orjson.dumps(message) for message in messages))


def read_messages(path: Path) -> list[OutboxMessage]:
    return [OutboxMessage(**orjson.loads(line)) for line in path.read_bytes().splitlines()]
