"""Words that nobody else uses, to be looked for afterwards where none of them may be."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from uuid import uuid4

SHORTEST = 6
"""A shorter word would be found by chance."""


@dataclass
class Words:
    """What was used, and for what."""

    used: dict[str, str] = field(default_factory=dict)

    def new(self, what: str) -> str:
        """Make a word, and remember it."""
        return self.remember(what, f"Zq{uuid4().hex[:14]}")

    def remember(self, what: str, word: str) -> str:
        """Remember a word that somebody else has made."""
        assert len(word) >= SHORTEST, f"{what} is too short to be looked for"
        self.used[word] = what
        return word

    def found_in(self, text: str) -> set[str]:
        """Say what of it stands in a text, however it is quoted there."""
        return {what for word, what in self.used.items() if any(form in text for form in _forms(word))}


def secrets_of(home: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name what a running system keeps secret: its passwords, and its signing keys."""
    yield from _strings("secrets.json", json.loads((home / "secrets.json").read_text()))
    for name, value in environment.items():
        for address in value.split(","):
            if password := urlsplit(address).password:
                yield name, unquote(password)
    for key in Path(environment["TASKIFY_SIGNING_KEYS"]).glob("*.pem"):
        for line in key.read_text().splitlines():
            if "-----" not in line:
                yield "signing key", line


def _strings(where: str, value: object) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        return [found for name, inner in value.items() for found in _strings(f"{where}: {name}", inner)]
    return [(where, value)] if isinstance(value, str) else []


def _forms(word: str) -> set[str]:
    return {word, quote(word), json.dumps(word)[1:-1], re.sub(r"[^\w]", lambda found: f"\\x{ord(found[0]):02x}", word)}
