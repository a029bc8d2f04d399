"""What a window of the page knows of its person's inbox: the rules of `web/src/realtime/inbox.ts`, in Python.

Frames and answers are plain JSON, as a page reads them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Json = dict[str, Any]
Outcome = Literal["applied", "old", "gap"]


@dataclass
class WindowModel:
    """`rows` are by id; of those that were read, a window hides by itself what is older than the history."""

    rows: dict[str, Json] = field(default_factory=dict)
    latest_seq: int | None = None
    unread_count: int = 0

    def apply_sync(self, answer: Json) -> None:
        """Apply an answer of `sync`; one from before what was applied since says nothing new."""
        if answer["reset"]:
            self.rows = {}
        elif self.latest_seq is not None and answer["latest_seq"] < self.latest_seq:
            return
        self.rows.update((item["id"], item) for item in answer["items"])
        for removed in answer["removed_ids"]:
            self.rows.pop(removed, None)
        self.latest_seq, self.unread_count = answer["latest_seq"], answer["unread_count"]

    def apply_frame(self, frame: Json) -> Outcome:
        """Apply a frame if it is the next; `gap` says that only a sync helps, and that nothing was changed."""
        known = self.latest_seq or 0
        payload = frame["payload"]
        if frame["type"] == "RESYNC":
            return "gap"
        if payload["seq"] <= known:
            return "old"
        if payload["seq"] > known + 1 or self._lacks_rows(frame):
            return "gap"
        self._change(frame["type"], payload)
        self.latest_seq, self.unread_count = payload["seq"], payload["unread_count"]
        return "applied"

    def shown(self, now: datetime, history: timedelta) -> dict[str, Json]:
        """Give what the window shows at a moment."""
        oldest = now - history
        return {
            row_id: row
            for row_id, row in self.rows.items()
            if row["read_at"] is None or datetime.fromisoformat(row["created_at"]) > oldest
        }

    def _lacks_rows(self, frame: Json) -> bool:
        """Say whether a row becomes unread that this window does not hold."""
        return frame["type"] == "UNREAD" and any(row_id not in self.rows for row_id in frame["payload"]["ids"])

    def _change(self, kind: str, payload: Json) -> None:
        match kind:
            case "NOTIFICATION":
                row = {name: value for name, value in payload.items() if name not in {"change", "unread_count"}}
                self.rows[row["id"]] = row
            case "READ":
                named, head = set(payload["ids"] or ()), -1 if payload["up_to_seq"] is None else payload["up_to_seq"]
                for row in self.rows.values():
                    if row["read_at"] is None and (row["id"] in named or row["seq"] <= head):
                        row.update(seq=payload["seq"], read_at=payload["read_at"])
            case "UNREAD":
                for row_id in payload["ids"]:
                    if self.rows[row_id]["read_at"] is not None:
                        self.rows[row_id].update(seq=payload["seq"], read_at=None)
            case "REMOVED":
                for row_id in payload["ids"]:
                    self.rows.pop(row_id, None)
            case other:
                raise AssertionError(f"a window was sent {other}")
