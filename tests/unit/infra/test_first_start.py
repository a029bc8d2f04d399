import json
from base64 import b64decode
from pathlib import Path

import pytest

from infra.broker.definitions import ADMINISTRATOR, password_hash
from infra.containers.first_start import only_writer, write_secrets
from infra.local.errors import BrokenDataError, LaunchError
from infra.local.passwords import Passwords, renew_service_passwords

VOLUMES = ("operator", "postgres", "rabbitmq", "grafana", "task-service", "notification-worker", "ws-gateway")


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    for name in VOLUMES:
        (tmp_path / name).mkdir()
    write_secrets(tmp_path)
    return tmp_path


def passwords(volumes: Path) -> Passwords:
    return Passwords.model_validate_json((volumes / "operator" / "secrets.json").read_bytes())


def written(volumes: Path) -> dict[str, str]:
    return {str(file.relative_to(volumes)): file.read_text() for file in volumes.rglob("*") if file.is_file()}


def test_a_second_start_keeps_every_password(volumes: Path) -> None:
    first = written(volumes)
    write_secrets(volumes)
    second = written(volumes)

    # Each writing salts the hashes anew.
    assert first.pop("rabbitmq/definitions.json") != second.pop("rabbitmq/definitions.json")
    assert first == second


def test_each_volume_holds_only_what_its_container_needs(volumes: Path) -> None:
    known = passwords(volumes)
    of_tasks = {known.roles["task_service"], known.broker["task-service"]}
    of_notifications = {known.roles["notification_worker"], known.broker["notification-worker"]}
    needed = {
        "postgres": {known.postgres},
        "rabbitmq": set[str](),
        "grafana": set[str](),
        "task-service": of_tasks,
        "notification-worker": of_notifications,
        "ws-gateway": {known.broker["ws-gateway"]},
    }
    everything = {known.postgres, *known.roles.values(), *known.broker.values()}
    for name, expected in needed.items():
        text = "".join(file.read_text() for file in (volumes / name).iterdir())
        assert {password for password in everything if password in text} == expected, name


def test_rabbitmq_reads_hashes_that_fit_the_passwords(volumes: Path) -> None:
    known = passwords(volumes)
    users = json.loads((volumes / "rabbitmq" / "definitions.json").read_text())["users"]

    assert {user["name"] for user in users} == set(known.broker)
    for user in users:
        salt = b64decode(user["password_hash"])[:4]
        assert user["password_hash"] == password_hash(known.broker[user["name"]], salt)


def test_only_files_for_other_users_are_readable_by_them(volumes: Path) -> None:
    for file in volumes.rglob("*"):
        if file.is_file():
            for_others = file.parent.name in {"postgres", "rabbitmq", "grafana"}
            assert bool(file.stat().st_mode & 0o044) is for_others, file
            assert not file.stat().st_mode & 0o022, file


def test_renewing_changes_the_services_passwords_and_not_the_administrators(volumes: Path) -> None:
    before = passwords(volumes)
    renew_service_passwords(volumes / "operator")
    renewed = passwords(volumes)
    write_secrets(volumes)
    after = passwords(volumes)

    # In one step: whoever reads meanwhile finds a password for everybody.
    assert after == renewed
    assert after.postgres == before.postgres
    assert after.broker[ADMINISTRATOR] == before.broker[ADMINISTRATOR]
    assert after.roles.keys() == before.roles.keys()
    assert not set(after.roles.values()) & set(before.roles.values())
    same = {user for user, password in after.broker.items() if password == before.broker[user]}
    assert same == {ADMINISTRATOR}
    assert after.broker["ws-gateway"] in (volumes / "ws-gateway" / "environment").read_text()


def test_only_one_writes_secrets_at_a_time(volumes: Path) -> None:
    with only_writer(volumes), pytest.raises(LaunchError, match="Another container"), only_writer(volumes, seconds=0):
        pytest.fail("two rotate at once")
    with only_writer(volumes, seconds=0):
        write_secrets(volumes)


def test_what_a_start_that_broke_off_has_left_half_written_does_not_matter(volumes: Path) -> None:
    before = passwords(volumes)
    for file in ("operator/secrets.json.new", "ws-gateway/environment.new", "postgres/password.new"):
        (volumes / file).write_text("half")
        (volumes / file).chmod(0o444)
    renew_service_passwords(volumes / "operator")
    write_secrets(volumes)

    assert passwords(volumes).postgres == before.postgres
    assert not list(volumes.rglob("*.new"))
    assert (volumes / "postgres" / "password").read_text() == before.postgres


def test_an_empty_file_of_passwords_is_said_and_left_alone(volumes: Path) -> None:
    file = volumes / "operator" / "secrets.json"
    file.write_text("")
    with pytest.raises(BrokenDataError, match=r"is damaged\. Put it back from a backup"):
        write_secrets(volumes)
    assert file.read_text() == ""


def test_the_write_ahead_log_of_quorum_queues_fits_below_the_watermark(volumes: Path) -> None:
    lines = (volumes / "rabbitmq" / "rabbitmq.conf").read_text().splitlines()
    configuration = {key: value for key, _, value in (line.partition(" = ") for line in lines)}
    watermark = int(configuration["vm_memory_high_watermark.absolute"].removesuffix("MB")) * 1_000_000
    assert int(configuration["raft.wal_max_size_bytes"]) <= watermark / 4
