"""Who must be told what, worked out from the events alone by rules written anew: an independent judge.

It shares no code with the product. It reads the published events as plain JSON, in the order of each task.
"""

from collections import defaultdict
from typing import Any

Json = dict[str, Any]
Told = dict[tuple[str, str], list[tuple[str, str, str]]]
"""For each (person, task): type, message and link of every notification, in order."""

_STATUS_WORDS = {"todo": "To do", "in_progress": "In progress", "in_review": "In review", "done": "Done"}


def in_order_of_each_task(events: list[Json]) -> dict[str, list[Json]]:
    """Sort events by their task and its sequence, which must have no hole and no repetition."""
    by_task: dict[str, list[Json]] = defaultdict(list)
    for event in events:
        by_task[event["subject"]].append(event)
    for task, own in by_task.items():
        assert [int(event["sequence"]) for event in own] == list(range(1, len(own) + 1)), f"events of task {task}"
    return by_task


def expected_notifications(events: list[Json]) -> Told:
    """Say who must have been told what by the events of tasks that were followed from their creation."""
    told: Told = defaultdict(list)
    for task, own in in_order_of_each_task(events).items():
        watchers: set[str] = set()
        for event in own:
            actor, data = event["data"]["actor"], event["data"]
            title, what = data["task"]["title"], event["type"].split(".")[2]
            audience: set[str] = set()
            kind, message, link = "", "", f"/tasks/{task}"
            match what:
                case "created":
                    watchers.add(actor["id"])
                case "assigned":
                    watchers.add(data["assignee"]["id"])
                    audience = {data["assignee"]["id"]}
                    kind, message = "task_assigned", f"{actor['name']} assigned you '{title}'"
                case "status_changed":
                    audience = watchers
                    kind = "status_changed"
                    message = f"{actor['name']} moved '{title}' to {_STATUS_WORDS[data['new_status']]}"
                case "comment_added":
                    audience = set(watchers)
                    watchers.add(actor["id"])
                    kind, message = "comment_added", f"{actor['name']} commented on '{title}'"
                    link += f"#comment-{data['comment']['id']}"
            for person in audience - {actor["id"]}:
                told[person, task].append((kind, message, link))
    return told
