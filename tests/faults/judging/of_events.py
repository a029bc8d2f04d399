"""Every acknowledged change has its event, once and in its place, and every event has its request."""

from collections import Counter, defaultdict
from typing import Any

from tests.faults.journal import Journal, Json, Write
from tests.faults.judging import Finding, Wrong
from tests.faults.observed import Observed, SeenTask

_VERSIONED = {"status_changed", "assigned", "unassigned", "changed"}


def kind_of(event: Json) -> str:
    """Give the word of an event's type: `assigned` of `taskify.task.assigned.v1`."""
    return str(event["type"].split(".")[2])


def story_of_each_task(events: list[Json]) -> dict[str, list[Json]]:
    """Sort events by task and sequence, each once, as far as they have one."""
    stories: dict[str, dict[int, Json]] = defaultdict(dict)
    for event in events:
        if event.get("sequence"):
            stories[event["subject"]].setdefault(int(event["sequence"]), event)
    return {task: [story[number] for number in sorted(story)] for task, story in stories.items()}


def repeated(events: list[Json]) -> int:
    """Count the events that were published more than once."""
    return sum(count - 1 for count in Counter(event["id"] for event in events).values())


def judge_events(journal: Journal, seen: Observed) -> list[Finding]:
    findings = _order(seen.events)
    writes: dict[str, list[Write]] = defaultdict(list)
    for write in journal.writes:
        if write.what in {"create", "status", "assignee_id", "comment", "watch", "unwatch"}:
            writes[write.task].append(write)
    stories = story_of_each_task(seen.events)
    findings += _creations(writes, stories)
    creations = {write.value: write for own in writes.values() for write in own if write.what == "create"}
    for task, story in stories.items():
        creation = creations.get(story[0]["data"]["task"]["title"])
        findings += _versions(task, story, creation, writes[task], seen.tasks[task])
        findings += _comments(task, story, writes[task], seen.tasks[task])
        findings += _watchers(task, story, writes[task], seen.tasks[task])
    return findings


def _order(events: list[Json]) -> list[Finding]:
    """Each task's events come for the first time in their order, without a hole, and none has two contents."""
    findings = []
    contents: dict[str, Json] = {}
    reached: Counter[str] = Counter()
    for event in events:
        if event["id"] in contents:
            if contents[event["id"]] != event:
                findings.append(Finding(Wrong.TOLD_TWICE, f"event {event['id']} has two contents"))
            continue
        contents[event["id"]] = event
        task, number = event["subject"], int(event["sequence"])
        if number <= reached[task]:
            findings.append(Finding(Wrong.OUT_OF_ORDER, f"task {task}: event {number} came after {reached[task]}"))
        elif number > reached[task] + 1:
            findings.append(Finding(Wrong.LOST, f"task {task}: nothing between events {reached[task]} and {number}"))
        reached[task] = max(reached[task], number)
    return findings


def _creations(writes: dict[str, list[Write]], stories: dict[str, list[Json]]) -> list[Finding]:
    findings = []
    titles = Counter(story[0]["data"]["task"]["title"] for story in stories.values())
    creations = [write for own in writes.values() for write in own if write.what == "create"]
    for write in creations:
        count = titles.pop(write.value, 0)
        if count > 1 or (count == 0 and write.acknowledged):
            findings.append(
                Finding(Wrong.TOLD_TWICE if count else Wrong.LOST, f"task {write.task} was made {count} times")
            )
    findings += [Finding(Wrong.INVENTED, f"nobody asked for the task '{title}'") for title in titles]
    findings += [
        Finding(Wrong.LOST, f"the story of task {task} does not begin with its creation")
        for task, story in stories.items()
        if kind_of(story[0]) != "created"
    ]
    return findings


def _versions(
    task: str, story: list[Json], creation: Write | None, writes: list[Write], seen: SeenTask
) -> list[Finding]:
    """The n-th change of the task's own fields made version n + 1; each must be somebody's request."""
    findings: list[Finding] = []
    # A task that is assigned as it is made tells so in two events, and still has its first version.
    born = 2 if creation is not None and creation.assignee else 1
    if born == 2 and (len(story) < 2 or not _assigns(story[1], creation)):
        findings.append(Finding(Wrong.HALF_DONE, f"task {task} was made without its assignee"))
    changes = [event for event in story[born:] if kind_of(event) in _VERSIONED]
    unclaimed = dict(enumerate(changes, start=2))
    asked = [write for write in writes if write.what in {"status", "assignee_id"}]
    for write in asked:
        if not write.acknowledged or write.answer is None:
            continue
        version = write.answer["version"]
        event = unclaimed.pop(version, None)
        if event is None or not _says(event, write):
            findings.append(Finding(Wrong.LOST, f"task {task}: version {version} ({write.what}) has no event"))
    for version, event in unclaimed.items():
        if not any(write.unknown and write.version == version - 1 and _says(event, write) for write in asked):
            findings.append(
                Finding(Wrong.INVENTED, f"task {task}: nobody asked for version {version}: {event['type']}")
            )
    status, assignee = _replay(story)
    now = seen.task
    shown = (now["version"], now["status"], None if now["assignee"] is None else now["assignee"]["id"])
    if shown != (len(changes) + 1, status, assignee):
        findings.append(
            Finding(Wrong.HALF_DONE, f"task {task} is {shown}, its events say {(len(changes) + 1, status, assignee)}")
        )
    return findings


def _says(event: Json, write: Write) -> bool:
    data, kind = event["data"], kind_of(event)
    said = {
        "status_changed": ("status", data.get("new_status")),
        "assigned": ("assignee_id", _id(data.get("assignee"))),
    }
    return said.get(kind) == (write.what, write.value) and data["actor"]["id"] == write.who


def _assigns(event: Json, creation: Write | None) -> bool:
    return (
        creation is not None and kind_of(event) == "assigned" and event["data"]["assignee"]["id"] == creation.assignee
    )


def _replay(story: list[Json]) -> tuple[str, str | None]:
    status, assignee = story[0]["data"].get("status", ""), None
    for event in story:
        match kind_of(event):
            case "status_changed":
                status = event["data"]["new_status"]
            case "assigned":
                assignee = event["data"]["assignee"]["id"]
            case "unassigned":
                assignee = None
    return status, assignee


def _comments(task: str, story: list[Json], writes: list[Write], seen: SeenTask) -> list[Finding]:
    findings = []
    told = [event["data"]["comment"] for event in story if kind_of(event) == "comment_added"]
    bodies = Counter(comment["body"] for comment in told)
    for write in (write for write in writes if write.what == "comment"):
        count = bodies.pop(write.value, 0)
        if count > 1 or (count == 0 and write.acknowledged):
            wrong = Wrong.TOLD_TWICE if count else Wrong.LOST
            findings.append(Finding(wrong, f"task {task}: comment '{write.value}' has {count} events"))
    findings += [Finding(Wrong.INVENTED, f"task {task}: nobody wrote '{body}'") for body in bodies]
    if sorted(comment["id"] for comment in told) != sorted(comment["id"] for comment in seen.comments):
        findings.append(Finding(Wrong.HALF_DONE, f"task {task}: its comments are not those of its events"))
    return findings


def _watchers(task: str, story: list[Json], writes: list[Write], seen: SeenTask) -> list[Finding]:
    findings = []
    watching = watchers_after(story)
    if watching != seen.watchers:
        findings.append(Finding(Wrong.HALF_DONE, f"task {task} is watched by {seen.watchers}, events say {watching}"))
    asked = Counter((write.who, f"{write.what}ed") for write in writes if write.what in {"watch", "unwatch"})
    told = Counter((event["data"]["actor"]["id"], kind_of(event)) for event in story)
    findings += [
        Finding(Wrong.INVENTED, f"task {task}: {who} {kind} it oftener than asked for")
        for (who, kind), count in told.items()
        if kind in {"watched", "unwatched"} and count > asked[who, kind]
    ]
    return findings


def watchers_after(story: list[Json]) -> set[str]:
    """Give who watches a task after these events."""
    watching: set[str] = set()
    for event in story:
        watching |= {added["person"]["id"] for added in event["data"].get("watchers_added", ())}
        if kind_of(event) == "unwatched":
            watching.discard(event["data"]["watcher"]["id"])
    return watching


def _id(person: Any) -> str | None:
    return None if person is None else person["id"]
