"""A small demo for the first start, made through the HTTP APIs like any person would: people, tasks and comments."""

from dataclasses import dataclass

import httpx

from infra.local.errors import LaunchError

PASSWORD = "taskify-demo"  # noqa: S105 (printed for everybody to see)

_HTTP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Person:
    name: str

    @property
    def email(self) -> str:
        """The address to log in with."""
        return f"{self.name.lower()}@example.com"


@dataclass(frozen=True, slots=True)
class Task:
    """Made by `creator` as `todo`, then moved by the assignee, so that others are told."""

    creator: str
    title: str
    description: str
    status: str = "todo"
    assignee: str | None = None
    comments: tuple[tuple[str, str], ...] = ()


PEOPLE = (Person("Ann"), Person("John"), Person("Maria"), Person("Kofi"), Person("Yuki"))

TASKS = (
    Task(
        "Ann",
        "Fix login bug",
        "Logging in fails when the e-mail address has capital letters. Compare addresses without case.",
        "in_progress",
        "John",
        (
            ("Maria", "Two customers wrote about this today."),
            ("John", "Found it: the address is compared before it is folded. A fix follows."),
        ),
    ),
    Task(
        "Maria",
        "Write the release notes",
        "What changed for the people who use it, in plain words.",
        "in_review",
        "Ann",
        (("Ann", "A draft is ready, please read it."), ("Kofi", "The second paragraph is hard to follow.")),
    ),
    Task("John", "Update the dependencies", "Everything that has a security fix first.", "done", "Kofi"),
    Task(
        "Kofi",
        "Slow search on large boards",
        "With more than 2,000 tasks the search takes 3 seconds. It should stay under 200 ms.",
        "in_progress",
        "Yuki",
        (("Ann", "Please note the figures before and after."),),
    ),
    Task("Ann", "Plan the offline workshop", "Room, food, and an agenda for one day.", "todo", "Maria"),
    Task(
        "Yuki",
        "Empty board has no explanation",
        "Somebody new sees a blank page. Say what a task is, and offer to make one.",
        "in_review",
        "Maria",
        (("Yuki", "Sketches are in the design folder."), ("Ann", "I like the second one.")),
    ),
    Task("Maria", "Renew the certificates", "They end in three weeks.", "todo", "John"),
    Task("John", "Back up the database each night", "And try to restore one.", "done", "Ann"),
    Task("Ann", "Call the pilot customers", "Five short interviews: what is missing, what is in the way?"),
    Task("Kofi", "Keyboard shortcuts for the board", "Create, assign and move without the mouse.", "todo", "Yuki"),
)


def fill_demo(api_url: str) -> bool:
    """Register the people, then let them work. Gives False, and does nothing, when the first of them exists.

    Raises:
        LaunchError: the API refused something.
    """
    with httpx.Client(base_url=api_url, timeout=_HTTP_SECONDS, trust_env=False) as client:
        try:
            return _fill(client)
        except httpx.HTTPStatusError as error:
            request = error.request
            raise LaunchError(
                f"The demo could not be filled in: {request.method} {request.url.path} "
                f"answered {error.response.status_code}: {error.response.text}"
            ) from error
        except httpx.TransportError as error:
            raise LaunchError(f"The demo could not be filled in: {error}") from error


def _fill(client: httpx.Client) -> bool:
    ids: dict[str, str] = {}
    for person in PEOPLE:
        answer = client.post(
            "/api/auth/register", json={"email": person.email, "name": person.name, "password": PASSWORD}
        )
        if answer.status_code == httpx.codes.CONFLICT and not ids:
            return False
        ids[person.name] = answer.raise_for_status().json()["id"]
    tokens = {person.name: _log_in(client, person) for person in PEOPLE}
    for task in TASKS:
        _make(client, task, ids, tokens)
    return True


def _log_in(client: httpx.Client, person: Person) -> dict[str, str]:
    answer = client.post("/api/auth/login", json={"email": person.email, "password": PASSWORD}).raise_for_status()
    # Each request names its person; the last one's cookie would speak for all.
    client.cookies.clear()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _make(client: httpx.Client, task: Task, ids: dict[str, str], tokens: dict[str, dict[str, str]]) -> None:
    body = {"title": task.title, "description": task.description}
    if task.assignee:
        body["assignee_id"] = ids[task.assignee]
    made = client.post("/api/tasks", json=body, headers=tokens[task.creator]).raise_for_status().json()
    path = f"/api/tasks/{made['id']}"
    if task.status != "todo":
        mover = tokens[task.assignee or task.creator]
        client.patch(path, json={"status": task.status}, headers=mover).raise_for_status()
    for author, text in task.comments:
        client.post(f"{path}/comments", json={"body": text}, headers=tokens[author]).raise_for_status()
