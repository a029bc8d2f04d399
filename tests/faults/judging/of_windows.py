"""Every window shows what the server has, and saw nothing twice and nothing out of order."""

from collections.abc import Sequence

from tests.faults.journal import Json
from tests.faults.judging import Finding, Wrong
from tests.faults.observed import Inbox
from tests.faults.windows import Window

_SHOWN = ("seq", "read_at", "message", "link", "count", "type", "task_id", "reasons", "actor")


def judge_windows(windows: Sequence[Window], inboxes: dict[str, Inbox]) -> list[Finding]:
    findings = []
    for window in windows:
        findings += [Finding(_name(oddity), oddity) for oddity in window.oddities]
        findings += _differences(window, inboxes[window.account.id].sync)
    return findings


def _name(oddity: str) -> Wrong:
    if "skipped" in oddity:
        return Wrong.SKIPPED
    return Wrong.TOLD_TWICE if "twice" in oddity else Wrong.UNEXPECTED


def _differences(window: Window, server: Json) -> list[Finding]:
    """Compare a window with a fresh start: the newest rows, and every unread one."""
    if not window.settled:
        return [Finding(Wrong.WINDOW, f"{window.name} never caught up")]
    heads = (window.shown.latest_seq, window.shown.unread_count)
    if heads != (server["latest_seq"], server["unread_count"]):
        text = f"{window.name} is at {heads}, the server at {(server['latest_seq'], server['unread_count'])}"
        return [Finding(Wrong.WINDOW, text)]
    fresh = {item["id"]: item for item in server["items"]}
    findings = [
        Finding(Wrong.WINDOW, f"{window.name} shows {_seen(window.shown.items.get(id_))}, the server has {_seen(item)}")
        for id_, item in fresh.items()
        if _seen(window.shown.items.get(id_)) != _seen(item)
    ]
    whole = len(server["items"]) < 500
    return findings + [
        Finding(Wrong.WINDOW, f"{window.name} shows {id_} as unread, the server does not have it so")
        for id_, item in window.shown.items.items()
        if whole and item["read_at"] is None and id_ not in fresh
    ]


def _seen(item: Json | None) -> tuple[object, ...] | None:
    return None if item is None else tuple(item.get(name) for name in _SHOWN)
