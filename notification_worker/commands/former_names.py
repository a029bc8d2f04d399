"""Take names out of texts in the database, as `audience.former_names` does out of those that come."""

from typing import Any

from sqlalchemy import ColumnElement, Text, case, func, literal

from notification_worker.audience.former_names import IN_WORDS
from notification_worker.audience.wording import FORMER_MEMBER

_SPECIAL = r"([][\\.*+?(){}|^$])"
_ESCAPED = r"\\\1"


def without_name(text: ColumnElement[Any], name: ColumnElement[Any]) -> ColumnElement[Any]:
    """Put a former member in the place of a name; null stays null, and without a name the text stays."""
    before = case((func.left(name, 1).regexp_match(IN_WORDS), f"(?<!{IN_WORDS})"), else_="")
    behind = case((func.right(name, 1).regexp_match(IN_WORDS), f"(?!{IN_WORDS})"), else_="")
    escaped = func.regexp_replace(name, _SPECIAL, _ESCAPED, "g")
    pattern = func.concat(before, escaped, behind)
    return case(
        (func.coalesce(name, "") == "", text),
        else_=func.regexp_replace(text, pattern, literal(FORMER_MEMBER, Text), "g"),
    )
