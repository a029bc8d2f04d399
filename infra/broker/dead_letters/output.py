"""Letters as text for a terminal, and as JSON for a program. What stands in a message is shown only when asked for."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from infra.broker.dead_letters.letter import Letter

_COLUMNS = ("ID", "TYPE", "REASON", "FROM", "QUEUE", "ATTEMPTS", "FIRST FAILED", "LAST FAILED")
_WIDEST = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done with a letter, or would be; `error` says why it was kept."""

    letter: Letter
    done: str
    error: str = ""

    def __str__(self) -> str:
        because = f": {self.error}" if self.error else ""
        letter = self.letter
        return printable(f"{letter.id} ({letter.type or 'no type'}, {letter.reason}): {self.done}{because}")

    def as_json(self) -> dict[str, str | None]:
        return {"id": self.letter.id, "outcome": self.done, "error": self.error or None}


def table(letters: Sequence[Letter]) -> str:
    """Write one line for each letter, under a heading."""
    rows = [
        _COLUMNS,
        *(
            (
                each.id,
                each.type,
                each.reason,
                each.sender,
                each.queue,
                each.attempts,
                _moment(each.first_failed_at),
                _moment(each.last_failed_at),
            )
            for each in letters
        ),
    ]
    printed = [[_cut(printable(cell)) or "-" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*printed, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in printed)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def details(letter: Letter, *, body: bool) -> str:
    """Write all that a letter says, with the message's own headers and body only when `body` is asked for."""
    shown = {
        "id": letter.id,
        "type": letter.type,
        "reason": letter.reason,
        "error": letter.error,
        "from": letter.sender,
        "exchange": letter.exchange,
        "routing key": letter.routing_key,
        "queue": letter.queue,
        "attempts": letter.attempts,
        "first failed": letter.first_failed_at,
        "last failed": letter.last_failed_at,
        "content type": letter.content_type,
        "size": f"{len(letter.body)} bytes",
    }
    if body:
        shown |= {f"header {name}": value for name, value in letter.headers.items()}
    lines = "".join(f"{printable(name) + ':':<14} {printable(value) or '-'}\n" for name, value in shown.items())
    return f"{lines}\n{_readable(letter.body)}\n" if body else lines


def as_json(letter: Letter, *, body: bool = False) -> dict[str, object]:
    """Give what `details` writes, for JSON; a body that is no text is in base64."""
    content: dict[str, object] = {
        "id": letter.id,
        "type": letter.type,
        "reason": letter.reason,
        "error": letter.error,
        "from": letter.sender,
        "exchange": letter.exchange,
        "routing_key": letter.routing_key,
        "queue": letter.queue,
        "attempts": int(letter.attempts) if letter.attempts.isdecimal() else None,
        "first_failed_at": letter.first_failed_at or None,
        "last_failed_at": letter.last_failed_at or None,
        "content_type": letter.content_type,
        "size": len(letter.body),
    }
    if not body:
        return content
    try:
        return {**content, "headers": letter.headers, "body": letter.body.decode()}
    except UnicodeDecodeError:
        return {**content, "headers": letter.headers, "body_base64": base64.b64encode(letter.body).decode()}


def printable(text: str) -> str:
    """Escape what is not printable: whoever sends a message must not write to the operator's terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _moment(rfc3339: str) -> str:
    return rfc3339[:19].replace("T", " ")


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _readable(body: bytes) -> str:
    """Indent what is JSON; give all else as it is, with what is not printable escaped."""
    try:
        return json.dumps(json.loads(body), indent=2)
    except ValueError:
        return printable(body.decode(errors="backslashreplace"))
