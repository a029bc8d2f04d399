"""One person's data, asked for and then erased, through every process."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest

from contracts.topology import DELIVERIES, NOTIFICATION_WORKER, QUEUES, TASK_SERVICE
from tests.support.people import PASSWORD, Json, Person
from tests.support.search_broker import messages_naming
from tests.support.search_databases import rows_naming
from tests.support.system import System

pytestmark = pytest.mark.e2e

DEADLINE_SECONDS = 180


async def until(ask: Callable[[], Awaitable[Json]], done: Callable[[Json], bool]) -> Json:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not done(answer := await ask()):
            await asyncio.sleep(0.1)
    return answer


async def exported(person: Person) -> Json:
    begun = await person.call("POST", "/api/users/me/export")
    assert begun.status_code == 202, begun.text
    path = begun.headers["Location"]

    async def progress() -> Json:
        return dict((await person.call("GET", path)).json())

    done = await until(progress, lambda export: bool(export["state"] == "ready"))
    return dict((await person.call("GET", done["file"])).json())


async def erased(person: Person) -> Json:
    """Erase somebody; give the receipt as it is when every service has answered."""
    begun = await person.call("DELETE", "/api/users/me", json={"password": PASSWORD})
    assert begun.status_code == 202, begun.text

    async def receipt() -> Json:
        return dict((await person.http.get(f"{person.addresses.api}{begun.headers['Location']}")).json())

    return await until(receipt, lambda answer: all(each["state"] != "waiting" for each in answer["services"]))


async def test_what_is_held_about_a_person_comes_in_one_file_and_goes_when_they_ask(
    system: System, ann: Person
) -> None:
    mark = uuid4().hex[:10]
    async with httpx.AsyncClient(trust_env=False, timeout=120) as own:
        quux = await Person.register(own, system.addresses, f"Quux{mark}")
        task = await quux.create_task("Fix the door", assignee_id=ann.id)
        await ann.comment(task["id"], "Oil did not help.")
        await quux.comment(task["id"], "Then a new hinge.")
        await until(quux.sync, lambda inbox: bool(inbox["items"]))
        theirs = await until(ann.sync, lambda inbox: len(inbox["items"]) > 1)
        assert f"Quux{mark}" in json.dumps(theirs)

        file = await exported(quux)
        receipt = await erased(quux)

        assert (await quux.call("GET", "/api/users/me")).status_code == 401
    services = file["services"]
    assert services[TASK_SERVICE]["account"]["email"] == quux.email
    assert [each["title"] for each in services[TASK_SERVICE]["tasks_created"]] == ["Fix the door"]
    assert [each["body"] for each in services[TASK_SERVICE]["comments"]] == ["Then a new hinge."]
    assert "Ann" in json.dumps(services[NOTIFICATION_WORKER]["notifications"])
    assert services[NOTIFICATION_WORKER]["watched_tasks"]
    answers = {each["service"]: each for each in receipt["services"]}
    assert answers[TASK_SERVICE]["state"] == "complete"
    assert {each["what"] for each in answers[NOTIFICATION_WORKER]["removed"]} >= {"notifications"}
    seen = await until(ann.sync, lambda inbox: f"Quux{mark}" not in json.dumps(inbox))
    assert "a former member" in json.dumps(seen)
    words = [f"Quux{mark}", quux.email]
    for database in ("TASKIFY_TASK_DATABASE_URL", "TASKIFY_NOTIFICATION_DATABASE_URL"):
        assert await rows_naming(system.environment[database], words) == []
    # The stream is clean only when it was padded, and its segments are as old as they may become.
    held = {each.partition(":")[0] for each in await messages_naming(system.admin_broker_url, words)}
    assert held & {queue.name for queue in QUEUES} <= {DELIVERIES}
