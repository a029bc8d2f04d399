"""What a window shows: the person's numbered log, applied up to `latest_seq`."""

from dataclasses import dataclass, field

from tests.faults.journal import Json


@dataclass
class Shown:
    """Applies answers of `sync`, and frames one after the other; `oddities` is told what no fault excuses."""

    name: str
    oddities: list[str]
    items: dict[str, Json] = field(default_factory=dict)
    latest_seq: int = 0
    unread_count: int = 0
    loaded: bool = False

    def take(self, result: Json) -> None:
        """Apply an answer; one from before what was applied since says nothing new."""
        if result["reset"]:
            self.items = {}
        elif result["latest_seq"] < self.latest_seq:
            return
        for item in result["items"]:
            self.items[item["id"]] = item
        for id_ in result["removed_ids"]:
            self.items.pop(id_, None)
        self.latest_seq, self.unread_count, self.loaded = result["latest_seq"], result["unread_count"], True

    def apply(self, frame: Json) -> bool:
        """Apply a frame; say whether it left no gap."""
        payload = frame["payload"]
        seq = payload["seq"]
        if seq <= self.latest_seq:
            return True
        if seq > self.latest_seq + 1 or self._lacks_rows(frame):
            return False
        match frame["type"]:
            case "NOTIFICATION":
                self._show(payload)
            case "READ":
                self._read(payload)
            case "UNREAD":
                for id_ in payload["ids"]:
                    if self.items[id_]["read_at"] is not None:
                        self.items[id_] |= {"read_at": None, "seq": seq}
            case "REMOVED":
                for id_ in payload["ids"]:
                    self.items.pop(id_, None)
        self.latest_seq, self.unread_count = seq, payload["unread_count"]
        return True

    def _lacks_rows(self, frame: Json) -> bool:
        return frame["type"] == "UNREAD" and any(id_ not in self.items for id_ in frame["payload"]["ids"])

    def _show(self, payload: Json) -> None:
        if payload["change"] == "added" and payload["id"] in self.items:
            self.oddities.append(f"{self.name}: {payload['id']} was told twice")
        item = {key: value for key, value in payload.items() if key not in {"change", "unread_count"}}
        self.items[payload["id"]] = item

    def _read(self, payload: Json) -> None:
        ids, up_to = payload.get("ids") or (), payload.get("up_to_seq") or -1
        for item in self.items.values():
            if item["read_at"] is None and (item["id"] in ids or item["seq"] <= up_to):
                item |= {"read_at": payload["read_at"], "seq": payload["seq"]}
