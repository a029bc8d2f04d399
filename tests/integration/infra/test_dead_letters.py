"""The operator's command against a real broker: nothing is lost or reordered, and no message is shown unasked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aio_pika
import aio_pika.abc
import pytest

from contracts.topology import DEAD_LETTERS, DOMAIN_EVENTS, NOTIFICATION_WORKER, WORKER_DEAD_LETTERS
from infra.broker.dead_letters.__main__ import main
from infra.broker.dead_letters.letter import FIRST_FAILED_AT
from tests.support.servers import Broker, Vhost

BODY = b'{"who": "Ann Smith"}'
FAILED = {
    "x-reason": "unknown_event_type",
    "x-error": "type: it is not known",
    "x-queue": "notification-worker.task-events.3",
    "x-exchange": DOMAIN_EVENTS,
    "x-routing-key": "task.sung.3",
    "x-user-id": "task-service",
    "x-first-failed-at": "2026-01-01T00:00:00.000000Z",
    "x-last-failed-at": "2026-01-02T00:00:00.000000Z",
    "x-attempts": "2",
    "traceparent": "00-1-2-01",
}


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Awaitable[Said]]


@pytest.fixture(autouse=True)
def settings(admin_broker_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TASKIFY_HOME", str(tmp_path))
    monkeypatch.setenv("TASKIFY_OPERATOR_BROKER_URL", admin_broker_url)
    return monkeypatch


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    async def run(*words: str) -> Said:
        code = await asyncio.to_thread(main, words)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
async def channel(admin_broker_url: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    async with await aio_pika.connect(admin_broker_url) as connection, connection.channel() as opened:
        yield opened


@pytest.fixture
def without_impersonator(broker: Broker, broker_vhost: Vhost) -> Iterator[str]:
    """The address of an operator who may do everything but send in the name of others."""
    name, password = f"operator-{broker_vhost.name}", "a-password-for-tests-only"
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    user = broker.management.put(f"/api/users/{name}", json={"password": password, "tags": ""})
    user.raise_for_status()
    broker.management.put(f"/api/permissions/{broker_vhost.name}/{name}", json=everything).raise_for_status()
    yield f"amqp://{name}:{password}@{broker_vhost.address}/{broker_vhost.name}"
    broker.management.delete(f"/api/users/{name}").raise_for_status()


async def write(channel: aio_pika.abc.AbstractChannel, *ids: str, body: bytes = BODY, **changed: str) -> None:
    exchange = await channel.get_exchange(DEAD_LETTERS, ensure=False)
    headers: aio_pika.abc.HeadersType = {
        **FAILED,
        **{f"x-{name.replace('_', '-')}": to for name, to in changed.items()},
    }
    for id_ in ids:
        letter = aio_pika.Message(
            body, headers=headers, message_id=id_, type="taskify.task.sung.v1", content_type="application/json"
        )
        await exchange.publish(letter, NOTIFICATION_WORKER)


async def waiting(channel: aio_pika.abc.AbstractChannel) -> list[str | None]:
    """Take all letters off their queue, and give their ids in their order."""
    letters = await channel.get_queue(WORKER_DEAD_LETTERS, ensure=False)
    found = []
    while (message := await letters.get(fail=False)) is not None:
        await message.ack()
        found.append(message.message_id)
    return found


async def arrived(channel: aio_pika.abc.AbstractChannel, count: int) -> list[aio_pika.abc.AbstractIncomingMessage]:
    """Take so many messages off the lane that the letters came from."""
    lane = await channel.get_queue(FAILED["x-queue"], ensure=False)
    found = []
    async with asyncio.timeout(60), lane.iterator() as messages:
        async for message in messages:
            await message.ack()
            found.append(message)
            if len(found) == count:
                break
    return found


async def test_list_tells_each_failure_and_nothing_of_the_message(
    channel: aio_pika.abc.AbstractChannel, command: Command
) -> None:
    await write(channel, "a-1", "a-2")

    said = await command("list")

    heading, first, second = said.out.splitlines()
    assert heading.split()[:3] == ["ID", "TYPE", "REASON"]
    assert first.split() == [
        *(
            "a-1",
            "taskify.task.sung.v1",
            "unknown_event_type",
            "task-service",
            "notification-worker.task-events.3",
            "2",
        ),
        *("2026-01-01", "00:00:00", "2026-01-02", "00:00:00"),
    ]
    assert second.startswith("a-2")
    assert "Ann" not in said.out
    assert said.code == 0


async def test_looking_again_and_again_loses_and_reorders_nothing(
    channel: aio_pika.abc.AbstractChannel, command: Command
) -> None:
    ids = [f"letter-{number}" for number in range(120)]
    await write(channel, *ids)

    for _ in range(3):
        assert [each["id"] for each in (await command("list", "--json")).json] == ids
    assert (await command("drop", "letter-7", "--json")).code == 0
    assert (await command("show", "letter-9")).code == 0

    assert await waiting(channel) == [id_ for id_ in ids if id_ != "letter-7"]


async def test_a_limit_looks_at_the_oldest_only_and_says_so(
    channel: aio_pika.abc.AbstractChannel, command: Command
) -> None:
    await write(channel, "a-1", "a-2", "a-3")

    said = await command("list", "--limit", "2", "--json")

    assert [each["id"] for each in said.json] == ["a-1", "a-2"]
    assert "only the oldest 2 letters" in said.err
    assert await waiting(channel) == ["a-1", "a-2", "a-3"]


async def test_show_gives_the_message_itself_only_when_asked(
    channel: aio_pika.abc.AbstractChannel, command: Command
) -> None:
    await write(channel, "a-1")
    await write(channel, "a-2", body=b"\xff\x00")

    without, whole = await command("show", "a-1"), await command("show", "a-1", "--body")
    as_json = await command("show", "--all", "--body", "--json")

    assert "type: it is not known" in without.out
    assert "20 bytes" in without.out
    assert "Ann" not in without.out
    assert "traceparent" not in without.out
    assert '"who": "Ann Smith"' in whole.out
    assert "header traceparent" in whole.out
    assert [each.get("body") or each["body_base64"] for each in as_json.json] == [BODY.decode(), "/wA="]


async def test_what_a_sender_writes_cannot_steer_the_terminal(
    channel: aio_pika.abc.AbstractChannel, command: Command
) -> None:
    await write(channel, "a\x1b[2J-1", body=b"\x1b[2J", routing_key="task.\x1b[2J")

    said = [
        await command(*words) for words in (["list"], ["show", "--all", "--body"], ["replay", "--all", "--dry-run"])
    ]

    assert all("\x1b" not in each.out for each in said)
    assert "\\x1b[2J" in said[0].out


async def test_a_replay_goes_as_the_original_went_and_removes_the_letter(
    channel: aio_pika.abc.AbstractChannel, command: Command
) -> None:
    await write(channel, "a-1", "a-2")

    rehearsal = await command("replay", "a-2", "--dry-run")
    assert "would be replayed to domain.events with task.sung.3 as task-service" in rehearsal.out
    said = await command("replay", "a-2")

    assert said.out.splitlines() == [
        "a-2 (taskify.task.sung.v1, unknown_event_type): replayed",
        "1 of 2 letters chosen",
    ]
    (message,) = await arrived(channel, 1)
    assert (message.body, message.message_id, message.type) == (BODY, "a-2", "taskify.task.sung.v1")
    assert (message.exchange, message.routing_key, message.user_id) == (DOMAIN_EVENTS, "task.sung.3", "task-service")
    assert message.content_type == "application/json"
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert message.headers == {
        "traceparent": "00-1-2-01",
        "x-attempts": "2",
        "x-first-failed-at": FAILED[FIRST_FAILED_AT],
    }
    assert await waiting(channel) == ["a-1"]


async def test_letters_are_replayed_in_their_order(channel: aio_pika.abc.AbstractChannel, command: Command) -> None:
    ids = [f"letter-{number}" for number in range(50)]
    await write(channel, *ids)

    assert (await command("replay", "--all")).code == 0

    assert [message.message_id for message in await arrived(channel, 50)] == ids
    assert await waiting(channel) == []


async def test_what_cannot_be_sent_stays_and_the_others_go(
    channel: aio_pika.abc.AbstractChannel, command: Command
) -> None:
    await write(channel, "a-1", exchange=DEAD_LETTERS, routing_key="nowhere")
    await write(channel, "a-2")

    said = await command("replay", "--all")

    assert said.code == 1
    assert "a-1 (taskify.task.sung.v1, unknown_event_type): kept: no queue is bound for 'nowhere'" in said.out
    assert await waiting(channel) == ["a-1"]
    assert [message.message_id for message in await arrived(channel, 1)] == ["a-2"]


async def test_an_operator_who_may_not_send_for_others_is_told_what_is_missing(
    channel: aio_pika.abc.AbstractChannel, command: Command, without_impersonator: str, settings: pytest.MonkeyPatch
) -> None:
    await write(channel, "a-1", "a-2")
    settings.setenv("TASKIFY_OPERATOR_BROKER_URL", without_impersonator)

    said = await command("replay", "--all")

    assert said.code == 1
    assert "`impersonator`" in said.err
    assert "'task-service'" in said.err
    assert await waiting(channel) == ["a-1", "a-2"]


async def test_an_exchange_that_is_gone_is_said(channel: aio_pika.abc.AbstractChannel, command: Command) -> None:
    await write(channel, "a-1", exchange="long.gone")

    said = await command("replay", "a-1")

    assert said.code == 1
    assert "there is no exchange 'long.gone'" in said.err
    assert await waiting(channel) == ["a-1"]


async def test_drop_removes_what_was_named_and_only_that(
    channel: aio_pika.abc.AbstractChannel, command: Command
) -> None:
    await write(channel, "a-1", "a-2", "a-2", "a-3")

    assert (await command("drop", "a-2", "--dry-run")).out.count("would be dropped") == 2
    said = await command("drop", "a-2", "unknown")

    assert said.code == 1
    assert "no letter has the id unknown" in said.err
    assert said.out.count("dropped") == 2
    assert await waiting(channel) == ["a-1", "a-3"]


async def test_replay_and_drop_want_to_be_told_which(command: Command) -> None:
    for words in (["replay"], ["drop"], ["show"], ["drop", "a-1", "--all"]):
        assert (await command(*words)).code == 2


async def test_no_letters_are_no_trouble(command: Command) -> None:
    assert await command("list") == Said(0, "No dead letters.\n", "")
    assert (await command("list", "--json")).json == []


async def test_a_broker_that_is_away_is_one_line(command: Command, settings: pytest.MonkeyPatch) -> None:
    settings.setenv("TASKIFY_OPERATOR_BROKER_URL", "amqp://operator:secret@127.0.0.1:1/taskify")

    said = await command("list")

    assert said.code == 1
    assert said.err.startswith("dead_letters: no broker answers")
    assert said.err.count("\n") == 1
    assert "secret" not in said.err


async def test_a_user_without_the_right_to_read_is_told(
    task_broker_url: str, command: Command, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("TASKIFY_OPERATOR_BROKER_URL", task_broker_url)

    said = await command("list")

    assert said.code == 1
    assert "notification-worker.dead-letters cannot be read" in said.err
