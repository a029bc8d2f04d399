import json
from base64 import b64decode
from pathlib import Path

import pytest

from infra.broker.definitions import ADMINISTRATOR, password_hash
from infra.containers.first_start import forget_service_passwords, write_secrets
from infra.local.passwords import Passwords

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


def test_forgetting_changes_the_services_passwords_and_not_the_administrators(volumes: Path) -> None:
    before = passwords(volumes)
    forget_service_passwords(volumes)
    write_secrets(volumes)
    after = passwords(volumes)

    assert after.postgres == before.postgres
    assert after.broker[ADMINISTRATOR] == before.broker[ADMINISTRATOR]
    assert not set(after.roles.values()) & set(before.roles.values())
    same = {user for user, password in after.broker.items() if password == before.broker[user]}
    assert same == {ADMINISTRATOR}
    assert after.broker["ws-gateway"] in (volumes / "ws-gateway" / "environment").read_text()
