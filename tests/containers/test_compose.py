"""`compose.yaml` as who runs it meets it: bare starts, what is kept, what is hidden, and the tools."""

import json

import pytest

from infra.local.passwords import Passwords
from tests.containers.engine import Compose, run
from tests.support.people import PASSWORD, Person

pytestmark = pytest.mark.timeout(3_600)

OURS = ("task-api", "task-relay", "worker", "notification-api", "notification-relay", "gateway", "web")
TASK_SERVICE, WORKER = "task_service", "notification_worker"
WRITE_AHEAD_LOG = "maps:get(wal_max_size_bytes, ra_system:fetch(quorum_queues))."
READ_SECRETS = "import pathlib; print(pathlib.Path('/secrets/operator/secrets.json').read_text())"


async def test_a_second_start_finds_the_data_and_the_keys_again(compose: Compose, ann: Person, john: Person) -> None:
    task = await ann.create_task("Fix login bug", assignee_id=john.id)
    async with john.window() as window:
        await window.until(lambda window: window.unread_count == 1, "the task that was assigned")

    await compose.down()
    await compose.up()

    again = await john.http.post(
        f"{john.addresses.api}/api/auth/login", json={"email": john.email, "password": PASSWORD}
    )
    assert again.status_code == 200, again.text
    # The old token still holds: the key that signed it was kept.
    assert (await ann.call("GET", f"/api/tasks/{task['id']}")).json()["assignee"]["id"] == john.id
    assert [row["task_id"] for row in await john.unread()] == [task["id"]]
    async with john.window():
        await ann.comment(task["id"], "Done")


async def test_no_password_is_to_be_seen_from_outside(compose: Compose) -> None:
    shown = json.dumps([await each.inspect() for each in await compose.containers()])
    shown += await compose("config")
    shown += "".join([await run("docker", "logs", each.id) for each in await compose.containers()])

    passwords = await secrets(compose)
    for password in (passwords.postgres, *passwords.roles.values(), *passwords.broker.values()):
        assert password not in shown


async def test_each_process_of_ours_has_little_that_it_may_do(compose: Compose) -> None:
    for service in OURS:
        for container in await compose.containers(service):
            found = await container.inspect()
            host = found["HostConfig"]
            assert found["Config"]["User"] == "10001:10001", service
            assert host["ReadonlyRootfs"], service
            assert host["CapDrop"] == ["ALL"], service
            assert "no-new-privileges:true" in host["SecurityOpt"], service
            assert host["Memory"] > 0, service
            assert host["NanoCpus"] > 0, service
            assert host["RestartPolicy"]["Name"] == "unless-stopped", service


async def test_only_the_front_has_an_address_on_the_machine(compose: Compose) -> None:
    published = {
        each.service: ports
        for each in await compose.containers()
        if (ports := (await each.inspect())["HostConfig"]["PortBindings"])
    }
    assert published == {"web": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}}


async def test_a_gateway_knows_no_password_but_its_own(compose: Compose) -> None:
    passwords = await secrets(compose)
    (gateway, *_) = await compose.containers("gateway")

    known = await gateway.python("import pathlib; print(pathlib.Path('/run/taskify/environment').read_text())")

    assert passwords.broker["ws-gateway"] in known
    others = {*passwords.roles.values(), *passwords.broker.values(), passwords.postgres}
    assert not [each for each in others - {passwords.broker["ws-gateway"]} if each in known]


async def test_the_tools_reach_the_broker_and_the_database(compose: Compose) -> None:
    letters = await compose("run", "--rm", "-T", "tools", "infra.broker.dead_letters", "list", "--json")
    people = await compose(
        "run", "--rm", "-T", "psql", "task_service", "--tuples-only", "-c", "SELECT count(*) >= 0 FROM users"
    )
    counters = await compose("run", "--rm", "-T", "tools", WORKER, "check")

    drained = [await compose("run", "--rm", "-T", "tools", service, "drain") for service in (TASK_SERVICE, WORKER)]

    assert "letters" in letters or "[]" in letters, letters
    assert people.split()[-1] == "t", people
    assert "0 inboxes differ" in counters, counters
    assert ["is applied" in said for said in drained] == [True, True], drained


async def test_the_servers_have_room_for_the_processes_that_are_documented(compose: Compose) -> None:
    connections = await compose("run", "--rm", "-T", "psql", "--tuples-only", "-c", "SHOW max_connections")
    (broker,) = await compose.containers("rabbitmq")
    log = await run("docker", "exec", broker.id, "rabbitmqctl", "eval", WRITE_AHEAD_LOG)

    assert connections.split()[-1] == "200"
    assert log.split()[-1] == str(64 * 1024 * 1024)


async def test_new_passwords_take_the_place_of_the_old(compose: Compose, ann: Person, john: Person) -> None:
    old = await secrets(compose)

    await compose("run", "--rm", "-T", "secrets", "infra.containers.first_start", "rotate")
    await compose.up("--force-recreate")

    new = await secrets(compose)
    assert not set(new.roles.values()) & set(old.roles.values())
    changed = [user for user, password in new.broker.items() if password != old.broker[user]]
    assert sorted(changed) == ["notification-worker", "task-service", "ws-gateway"]
    async with john.window() as window:
        await ann.create_task("Fix login bug", assignee_id=john.id)
        await window.until(lambda window: window.unread_count == 1, "the task that was assigned")


@pytest.mark.parametrize("profile", ["metrics", "tools"])
async def test_the_profiles_are_valid(compose: Compose, profile: str) -> None:
    assert "services:" in await compose("--profile", profile, "config")


async def secrets(compose: Compose) -> Passwords:
    """Read what the first start has made."""
    shown = await compose("run", "--rm", "-T", "--entrypoint", "python", "secrets", "-c", READ_SECRETS)
    return Passwords.model_validate_json(shown[shown.index("{") : shown.rindex("}") + 1])
