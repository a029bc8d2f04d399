import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.notification_types import Frequency
from notification_worker.audience.preferences import Preferences
from notification_worker.commands.preferences import KINDS, OWN_TYPES, read_preferences, write_preferences
from notification_worker.models import held_back_events, kinds, notification_members, preferences
from tests.integration.notification_worker.api_client import ANN, EVE, Client, problem_of
from tests.integration.notification_worker.inbox_rows import add_member, add_row, add_task_event

AT_FIRST = {
    "timezone": "UTC",
    "daily_at": "09:00",
    "types": {"task_assigned": "instant", "status_changed": "instant", "comment_added": "instant"},
}
NOON = datetime(2030, 1, 2, 12, 30, tzinfo=UTC)
IN_BERLIN = Preferences(
    "Europe/Berlin", time(8, 15), {"status_changed": Frequency.DAILY, "comment_added": Frequency.HOURLY}
)


async def know_kind(database: AsyncEngine, *names: str) -> None:
    async with database.begin() as connection:
        await connection.execute(
            insert(kinds), [{"kind": name, "source": "/billing", "first_seen_at": NOON} for name in names]
        )


async def test_at_first_everything_is_told_at_once(ann: Client) -> None:
    assert (await ann.get("/preferences")).json() == AT_FIRST


async def test_what_is_put_replaces_all_and_holds(database: AsyncEngine, ann: Client) -> None:
    await know_kind(database, "invoice_paid", "build_failed")
    wanted = {
        "timezone": "America/Argentina/Buenos_Aires",
        "daily_at": "23:59",
        "types": {
            "comment_added": "daily",
            "invoice_paid": "off",
            "status_changed": "instant",
            "not_seen_yet": "hourly",
        },
    }
    answer = await ann.put("/preferences", wanted)
    assert answer.status_code == 200
    assert answer.json() == {
        **wanted,
        "types": {
            "task_assigned": "instant",
            "status_changed": "instant",
            "comment_added": "daily",
            "build_failed": "instant",
            "invoice_paid": "off",
            "not_seen_yet": "hourly",
        },
    }
    assert list(answer.json()["types"]) == [
        *("task_assigned", "status_changed", "comment_added"),
        *("build_failed", "invoice_paid", "not_seen_yet"),
    ]
    assert (await ann.get("/preferences")).json() == answer.json()
    answer = await ann.put("/preferences", {**AT_FIRST, "types": {}})
    assert answer.json() == {
        **AT_FIRST,
        "types": {**AT_FIRST["types"], "build_failed": "instant", "invoice_paid": "instant"},  # type: ignore[dict-item]
    }
    async with database.connect() as connection:
        assert await connection.scalar(select(preferences.c.frequencies)) == {}


async def test_what_is_got_can_be_put_back(database: AsyncEngine, ann: Client) -> None:
    await know_kind(database, *(f"kind_{number:03}" for number in range(KINDS + 10)))
    await ann.put("/preferences", {**AT_FIRST, "types": {"zz_last": "off"}})
    held = (await ann.get("/preferences")).json()
    assert (len(held["types"]), held["types"]["zz_last"]) == (KINDS + 3, "off")
    answer = await ann.put("/preferences", held)
    assert (answer.status_code, answer.json()) == (200, held)


async def test_nothing_that_was_decided_is_left_out_however_many_kinds_there_are(ann: Client) -> None:
    decided = {f"kind_{number:03}": "off" for number in range(KINDS)}
    await ann.put("/preferences", {**AT_FIRST, "types": decided})
    held = (await ann.get("/preferences")).json()["types"]
    assert held == dict.fromkeys(OWN_TYPES, "instant") | decided


async def test_what_one_person_decides_holds_for_nobody_else(ann: Client, eve: Client) -> None:
    await ann.put("/preferences", {**AT_FIRST, "types": {"own_kind": "off"}})
    assert (await eve.get("/preferences")).json() == AT_FIRST
    await eve.put("/preferences", {**AT_FIRST, "timezone": "Asia/Tokyo"})
    assert (await ann.get("/preferences")).json()["timezone"] == "UTC"


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"timezone": "Europe/Atlantis"}, "body.timezone"),
        ({"timezone": "europe/berlin"}, "body.timezone"),
        ({"timezone": "../../etc/passwd"}, "body.timezone"),
        ({"timezone": ""}, "body.timezone"),
        ({"timezone": "localtime"}, "body.timezone"),
        ({"timezone": "+02:00"}, "body.timezone"),
        ({"timezone": None}, "body.timezone"),
        ({"daily_at": "9:00"}, "body.daily_at"),
        ({"daily_at": "24:00"}, "body.daily_at"),
        ({"daily_at": "09:00:00"}, "body.daily_at"),
        ({"daily_at": "09:00\n"}, "body.daily_at"),
        ({"daily_at": 540}, "body.daily_at"),
        ({"types": {"digest": "off"}}, "body.types.digest"),
        ({"types": {"Invoice": "off"}}, "body.types.Invoice"),
        ({"types": {"a" * 51: "off"}}, f"body.types.{'a' * 51}"),
        ({"types": {"": "off"}}, "body.types."),
        ({"types": {"comment_added": "weekly"}}, "body.types.comment_added"),
        ({"types": {"comment_added": None}}, "body.types.comment_added"),
        ({"types": {f"kind_{number}": "off" for number in range(KINDS + 1)}}, "body.types"),
        ({"types": []}, "body.types"),
        ({"language": "de"}, "body.language"),
    ],
)
async def test_preferences_that_make_no_sense_are_refused_where_they_are_wrong(
    ann: Client, wrong: dict[str, Any], where: str
) -> None:
    answer = await ann.put("/preferences", AT_FIRST | wrong)
    assert answer.status_code == 422
    assert {error.where for error in problem_of(answer).errors} == {where}


async def test_a_part_that_is_missing_is_named(ann: Client) -> None:
    for missing in AT_FIRST:
        answer = await ann.put("/preferences", {name: part for name, part in AT_FIRST.items() if name != missing})
        assert {error.where for error in problem_of(answer).errors} == {f"body.{missing}"}


async def waiting(database: AsyncEngine) -> dict[UUID, tuple[str, datetime]]:
    rows = notification_members.c
    async with database.connect() as connection:
        found = await connection.execute(select(rows.id, rows.frequency, rows.due_at).where(rows.due_at.is_not(None)))
        return {row.id: (row.frequency, row.due_at) for row in found}


async def wait(
    database: AsyncEngine, user_id: UUID, due_at: datetime = NOON + timedelta(hours=20), **values: Any
) -> UUID:
    return await add_member(database, user_id, **{"frequency": "daily", "due_at": due_at, **values})


async def test_what_waits_follows_what_is_decided(database: AsyncEngine) -> None:
    moved, commented, assigned = [
        await wait(database, ANN.id, type=one) for one in ("status_changed", "comment_added", "task_assigned")
    ]
    foreign = await wait(database, EVE.id)
    await write_preferences(database, ANN.id, IN_BERLIN, clock=lambda: NOON)
    assert await waiting(database) == {
        moved: ("daily", datetime(2030, 1, 3, 7, 15, tzinfo=UTC)),
        commented: ("hourly", datetime(2030, 1, 2, 13, 0, tzinfo=UTC)),
        # Of what is told at once now, what waited is due now.
        assigned: ("daily", NOON),
        foreign: ("daily", NOON + timedelta(hours=20)),
    }


async def test_deciding_the_same_again_changes_nothing_and_puts_nothing_off(database: AsyncEngine) -> None:
    overdue = await wait(database, ANN.id, NOON - timedelta(minutes=1))
    later = await wait(database, ANN.id)
    for _ in range(2):
        await write_preferences(database, ANN.id, IN_BERLIN, clock=lambda: NOON)
        assert await waiting(database) == {
            overdue: ("daily", NOON - timedelta(minutes=1)),
            later: ("daily", datetime(2030, 1, 3, 7, 15, tzinfo=UTC)),
        }


async def test_what_waits_of_a_type_that_is_off_is_dropped_and_noted(database: AsyncEngine) -> None:
    event_id = await add_task_event(database, ANN.id, 1)
    for user_id in (ANN.id, EVE.id):
        await wait(database, user_id, event_id=event_id)
        # Of a request of another service nothing is noted, since it is no event of a task.
        await wait(database, user_id, type="invoice_paid", event_source="/billing")
    shown = await add_row(database, ANN.id)
    told = await add_member(database, ANN.id, notification_id=shown)
    off = Preferences(frequencies={"status_changed": Frequency.OFF, "invoice_paid": Frequency.OFF})
    for _ in range(2):
        await write_preferences(database, ANN.id, off, clock=lambda: NOON)
    rows, held = notification_members.c, held_back_events.c
    async with database.connect() as connection:
        kept = (await connection.execute(select(rows.user_id, rows.id))).all()
        noted = (await connection.execute(select(held.event_id, held.user_id, held.outcome))).all()
    assert sorted(row.user_id for row in kept) == sorted([ANN.id, EVE.id, EVE.id])
    assert told in {row.id for row in kept}
    assert [tuple(row) for row in noted] == [(event_id, ANN.id, "preference")]


async def test_two_who_decide_for_one_person_at_once_do_not_mix(database: AsyncEngine) -> None:
    for _ in range(20):
        await wait(database, ANN.id)
    hourly = Preferences(frequencies={"status_changed": Frequency.HOURLY})
    async with asyncio.TaskGroup() as deciding:
        for wanted in (hourly, IN_BERLIN) * 3:
            deciding.create_task(write_preferences(database, ANN.id, wanted, clock=lambda: NOON))
    held, _ = await read_preferences(database, ANN.id)
    assert held in (hourly, IN_BERLIN)
    frequency = held.frequency_of("status_changed")
    due = {("hourly", datetime(2030, 1, 2, 13, 0, tzinfo=UTC)), ("daily", datetime(2030, 1, 3, 7, 15, tzinfo=UTC))}
    (only,) = set((await waiting(database)).values())
    assert only in due
    assert only[0] == frequency
