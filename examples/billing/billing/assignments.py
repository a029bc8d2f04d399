"""Who works on which task, out of Taskify's events: each comes at least once, and those of a task in their order."""

import json
from dataclasses import dataclass, field


@dataclass
class Assignments:
    """`workers` are the names of the people by the ids of their tasks."""

    workers: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)

    def take(self, body: bytes) -> None:
        """Take the body of a message; what is known already, or concerns us not, changes nothing."""
        event = json.loads(body)
        if event["type"] != "taskify.task.assigned.v1":
            return
        task, sequence = event["data"]["task"]["id"], event.get("sequence")
        if sequence is not None:
            # It sorts as text, and moves on with every event of the task.
            if sequence <= self._seen.get(task, ""):
                return
            self._seen[task] = sequence
        self.workers[task] = event["data"]["assignee"]["name"]
