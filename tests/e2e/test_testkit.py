"""The test kit against the whole system: the example service's own tests, and what those do not show."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Iterator

import aio_pika
import httpx
import pytest
from aio_pika.exceptions import ChannelPreconditionFailed
from aiormq.exceptions import ChannelAccessRefused
from yarl import URL

from taskify_testkit import Contract, SettingsError, Taskify, TaskifyTestkitError, UnexpectedError
from taskify_testkit.addresses import Addresses
from taskify_testkit.background import Background
from taskify_testkit.system import System as Connected
from tests.support.system import REPOSITORY, System

EXAMPLE_SECONDS = 600
EVENTS = 100
MANY = 60


@pytest.fixture(scope="session")
def testkit_addresses(system: System) -> Addresses:
    configuration = (system.home / "rabbitmq" / "rabbitmq.conf").read_text()
    (port,) = re.findall(r"^management[.]tcp[.]port = (\d+)$", configuration, re.MULTILINE)
    told = system.addresses
    management, administrator = f"http://127.0.0.1:{port}", URL(system.admin_broker_url)
    # Other tests have made the user in their way, which the test kit would leave alone.
    credentials = administrator.user or "", administrator.password or ""
    httpx.delete(f"{management}/api/users/billing", auth=credentials, trust_env=False)
    return Addresses(told.api, told.notifications, told.socket, system.admin_broker_url, management)


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


@pytest.fixture(scope="session")
def connected(testkit_addresses: Addresses, background: Background) -> Iterator[Connected]:
    connected = background.wait(Connected.connect(testkit_addresses, Contract("billing")))
    yield connected
    background.wait(connected.close())


@pytest.fixture
def taskify(connected: Connected, background: Background) -> Iterator[Taskify]:
    with Taskify(connected, background) as taskify:
        yield taskify


def request(*recipients: str, id_: str, message: str = "Invoice 42 is overdue") -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": id_,
        "type": "taskify.notification.requested.v1",
        "source": "/billing",
        "time": "2030-01-01T12:00:00Z",
        "data": {"recipients": recipients, "kind": "invoice_overdue", "message": message},
    }


async def send(
    url: str, *events: dict[str, object], routing_key: str = "notification.requested", user_id: str | None = "billing"
) -> None:
    async with await aio_pika.connect(url) as connection:
        exchange = await (await connection.channel()).get_exchange("domain.events", ensure=False)
        for event in events:
            message = aio_pika.Message(json.dumps(event).encode(), message_id=str(event["id"]), user_id=user_id)
            await exchange.publish(message, routing_key)


async def test_the_example_service_s_own_tests_pass(testkit_addresses: Addresses, system: System) -> None:
    """They also hold what the test kit says of mistakes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-p", "taskify_testkit.plugin", "-p", "no:cacheprovider", "-q"),
        cwd=REPOSITORY / "examples" / "billing",
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(REPOSITORY / "contracts" / "testkit" / "src"),
            "TASKIFY_URL": system.addresses.api,
            "TASKIFY_ADMINISTRATOR_URL": testkit_addresses.administrator,
            "TASKIFY_MANAGEMENT_URL": testkit_addresses.management,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(EXAMPLE_SECONDS):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert re.search(r"\b2\d passed", said.decode()), said.decode()


async def test_many_people_are_made_at_once(taskify: Taskify) -> None:
    people = await taskify.people(MANY)

    assert len({person.id for person in people}) == MANY
    await taskify.nobody_else_told()


async def test_what_an_earlier_question_took_is_not_said_to_be_missing(taskify: Taskify) -> None:
    ann = await taskify.person()
    await send(taskify.amqp_url, request(ann.id, id_=ann.id))
    await ann.next_notification()

    with pytest.raises(UnexpectedError, match="told: an earlier `next_notification` took it"):
        await ann.next_notification(kind="invoice_overdue", within=0.5)


async def test_what_holds_back_is_told_whatever_kind_was_asked_for(taskify: Taskify) -> None:
    ann = await taskify.person()
    await ann.prefer(invoice_overdue="off")
    await ann.prefer(invoice_paid="off")
    await send(taskify.amqp_url, request(ann.id, id_=ann.id))

    with pytest.raises(UnexpectedError, match="Ann wants 'invoice_overdue' 'off'"):
        await ann.next_notification(within=0.5)


async def test_a_sender_who_is_not_named_is_told_so(taskify: Taskify) -> None:
    ann = await taskify.person()
    await send(taskify.amqp_url, request(ann.id, id_=ann.id), user_id=None)

    with pytest.raises(UnexpectedError, match="-> user_id is not set: set it to 'billing', or send with"):
        await ann.next_notification(within=0.5)


async def test_what_was_not_sent_as_agreed_is_told(taskify: Taskify) -> None:
    ann = await taskify.person()
    await send(taskify.amqp_url, request(ann.id, id_=ann.id))

    with pytest.raises(UnexpectedError, match="not sent as agreed") as raised:
        await taskify.assert_sent_as_agreed()

    assert f"id '{ann.id}'" in str(raised.value)
    assert "it is not persistent" in str(raised.value)
    assert "content_type is None: set it to 'application/cloudevents+json'" in str(raised.value)
    assert "message_id" not in str(raised.value)


async def test_the_log_of_a_taskify_that_others_have_started_is_theirs(taskify: Taskify) -> None:
    with pytest.raises(TaskifyTestkitError, match="where it was started"):
        await taskify.log()


async def test_a_user_whom_the_test_kit_has_not_made_is_left_alone(
    testkit_addresses: Addresses, background: Background
) -> None:
    administrator = URL(testkit_addresses.administrator)
    async with httpx.AsyncClient(
        base_url=f"{testkit_addresses.management}/api/users/",
        auth=(administrator.user or "", administrator.password or ""),
        trust_env=False,
    ) as http:
        (await http.put("accounting", json={"password": "theirs", "tags": ""})).raise_for_status()
        before = (await http.get("accounting")).json()

        with pytest.raises(SettingsError, match=r"has a user 'accounting' already.*taskify_amqp_url"):
            await background.call(Connected.connect(testkit_addresses, Contract("accounting")))

        assert (await http.get("accounting")).json() == before
        await http.delete("accounting")


async def test_nobody_else_told_misses_nothing_that_was_sent_before(taskify: Taskify) -> None:
    owner, other = await taskify.people(2)
    await send(taskify.amqp_url, *(request(other.id, id_=f"{other.id}-{number}") for number in range(EVENTS)))

    with pytest.raises(UnexpectedError) as raised:
        await taskify.nobody_else_told()

    assert str(raised.value).count(f"John ({other.id}): invoice_overdue") == EVENTS
    await taskify.nobody_else_told(but=[other])
    assert await owner.notifications() == []


async def test_nobody_else_told_is_not_claimed_where_no_order_is_kept(taskify: Taskify, system: System) -> None:
    await taskify.person()

    async with system.another("notification_worker", "worker"):
        with pytest.raises(TaskifyTestkitError, match="2 workers share the requests"):
            await taskify.nobody_else_told()


async def test_a_person_without_a_window_is_not_claimed_to_know_nothing(taskify: Taskify) -> None:
    ann = await taskify.person()
    await ann.close_window()

    with pytest.raises(TaskifyTestkitError, match=r"Ann \(the test closed it\)"):
        await taskify.nobody_else_told()


async def test_a_window_that_opens_again_shows_what_was_missed(taskify: Taskify) -> None:
    ann = await taskify.person()
    await ann.close_window()
    await send(taskify.amqp_url, request(ann.id, id_=ann.id))
    with pytest.raises(UnexpectedError, match="was not pushed to a window: the test closed it"):
        await ann.next_notification(within=0.5)

    await ann.open_window()

    assert (await ann.next_notification()).message == "Invoice 42 is overdue"


async def test_an_id_that_was_used_before_is_named(taskify: Taskify) -> None:
    ann, john = await taskify.people(2)
    await send(taskify.amqp_url, request(ann.id, id_=ann.id), request(john.id, id_=ann.id))
    await ann.next_notification()

    with pytest.raises(UnexpectedError, match="an event with this source and id came before"):
        await john.next_notification(within=0.5)


async def test_taskify_s_own_notifications_come_with_the_rule_that_held_them_back(taskify: Taskify) -> None:
    ann, john = await taskify.people(2)
    task = await ann.create_task("Fix login bug", assignee=john)
    assert (await john.next_notification(kind="task_assigned")).message == "Ann assigned you 'Fix login bug'"

    await john.change_task(task["id"], status="in_review")

    assert (await ann.next_notification(kind="status_changed")).task_id == task["id"]
    with pytest.raises(UnexpectedError, match="held back by the rule 'own_action'"):
        await john.next_notification(kind="status_changed", within=0.5)


async def test_an_event_that_does_not_come_is_told_with_those_that_came(taskify: Taskify) -> None:
    ann = await taskify.person()

    async with taskify.events("task.created", "task.assigned") as events, asyncio.timeout(EXAMPLE_SECONDS):
        task = await ann.create_task("Fix login bug")
        came = ""
        while f"taskify.task.created.v1 of {task['id']}" not in came:
            with pytest.raises(UnexpectedError) as raised:
                await events.next(lambda event: event.type.endswith("assigned.v1"), within=0.5)
            came = str(raised.value)


async def test_a_service_s_user_can_do_what_it_can_in_production(taskify: Taskify) -> None:
    own = request("ann", id_="1")

    await send(taskify.amqp_url, own, routing_key="billing.invoice.paid")
    with pytest.raises(ChannelAccessRefused):
        await send(taskify.amqp_url, own, routing_key="search.notification.requested")
    with pytest.raises(ChannelPreconditionFailed):
        await send(taskify.amqp_url, own, user_id="task-service")


async def test_a_test_may_have_no_loop_of_its_own(taskify: Taskify) -> None:
    def synchronous() -> str:
        ann = taskify.run(taskify.person())
        taskify.run(send(taskify.amqp_url, request(ann.id, id_=ann.id)))
        return taskify.run(ann.next_notification()).message

    assert await asyncio.to_thread(synchronous) == "Invoice 42 is overdue"
