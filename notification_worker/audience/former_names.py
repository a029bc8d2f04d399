"""Take the name of somebody who is erased out of a text, as whole words only: "Al" is not in "Also"."""

import re
import unicodedata
from itertools import pairwise

from notification_worker.audience.wording import FORMER_MEMBER

_SPACED = 0x2000
"""Below it are nearly all scripts that part words by spaces; above it are signs, and Chinese, Japanese and Korean."""

_NOT_SPACED = (range(0x0E00, 0x10A0), range(0x1100, 0x1200), range(0x1780, 0x1800))
"""Thai, Lao, Tibetan and Myanmar; Hangul, which adds particles to names; Khmer."""


def _in_words(code: int) -> bool:
    if any(code in script for script in _NOT_SPACED):
        return False
    return chr(code) == "_" or unicodedata.category(chr(code))[0] in "LMN"


def _ranges() -> str:
    ends = [code for code in range(_SPACED + 1) if _in_words(code) != (code > 0 and _in_words(code - 1))]
    return "".join(f"{chr(first)}-{chr(after - 1)}" for first, after in list(pairwise(ends))[::2])


IN_WORDS = f"[{_ranges()}]"
"""A character that goes on with a word, for Python's regular expressions and PostgreSQL's alike.

Where words are not parted by spaces, a name ends where it ends: rather a text is mangled there than a name stays.
PostgreSQL's own classes would depend on the locale of the database.
"""

_IN_WORDS = re.compile(IN_WORDS)


def without_name(text: str, name: str) -> str:
    """Put a former member in the place of a name."""
    if not name:
        return text
    before = rf"(?<!{IN_WORDS})" if _IN_WORDS.match(name[0]) else ""
    behind = rf"(?!{IN_WORDS})" if _IN_WORDS.match(name[-1]) else ""
    return re.sub(f"{before}{re.escape(name)}{behind}", FORMER_MEMBER, text)
