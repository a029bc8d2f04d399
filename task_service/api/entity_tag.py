"""A task's version as an entity tag, and the condition of a change. Source: RFC 9110, sections 8.8.3 and 13.1.1."""

import re

_STRONG_TAG = re.compile(r'(?<!/)"(\d{1,9})"')


def entity_tag(version: int) -> str:
    """Write a version as an `ETag`."""
    return f'"{version}"'


def wanted_versions(if_match: str | None) -> frozenset[int] | None:
    """Read `If-Match`: the versions that a client would change, or None when any will do.

    A weak tag or a text that is no tag of ours names no version, so that nothing is changed by mistake.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(version) for version in _STRONG_TAG.findall(if_match))
