from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from task_service.settings import ApiSettings, Registration

GIVEN = {
    "TASK_DATABASE_URL": "postgresql://task_service:secret@localhost/tasks",
    "SIGNING_KEYS": "/keys",
    "PUBLIC_API_URL": "https://taskify.example",
    "PUBLIC_NOTIFICATIONS_URL": "https://taskify.example:8001",
    "PUBLIC_SOCKET_URL": "wss://taskify.example/ws",
    "ALLOWED_ORIGINS": '["https://taskify.example"]',
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TASKIFY_HOME", str(tmp_path))
    for name, value in GIVEN.items():
        monkeypatch.setenv(f"TASKIFY_{name}", value)


def test_what_is_not_set_has_the_documented_value() -> None:
    settings = ApiSettings()

    assert settings.registration is Registration.OPEN
    assert settings.access_token_life == timedelta(minutes=15)
    assert settings.session_life == timedelta(days=30)
    assert (settings.host, settings.api_port) == ("127.0.0.1", 8000)
    assert settings.allowed_origins == ("https://taskify.example",)


def test_registration_can_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKIFY_REGISTRATION", "closed")

    assert ApiSettings().registration is Registration.CLOSED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_API_URL", "https://taskify.example/"),
        ("PUBLIC_API_URL", "taskify.example"),
        ("PUBLIC_SOCKET_URL", "https://taskify.example/ws"),
        ("PUBLIC_SOCKET_URL", "wss://taskify.example/ws; script-src *"),
        ("ALLOWED_ORIGINS", '["*"]'),
        ("REGISTRATION", "maybe"),
        ("ACCESS_TOKEN_LIFE", "PT15M1S"),
        ("ACCESS_TOKEN_LIFE", "PT0S"),
        ("REFRESH_GRACE", "-PT1S"),
        ("WRONG_PASSWORDS_AN_ACCOUNT", "0"),
        ("PERSON_REQUESTS_A_SECOND", "0"),
        ("TRUSTED_PROXIES", '["10.0.0.1/8"]'),
        ("API_PORT", "0"),
    ],
)
def test_an_address_that_no_browser_would_send_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TASKIFY_{name}", value)

    with pytest.raises(ValidationError) as refused:
        ApiSettings()
    assert {error["loc"][0] for error in refused.value.errors()} == {name.lower()}
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PUBLIC_SOCKET_URL", "ws://taskify.example/ws"), ("PUBLIC_NOTIFICATIONS_URL", "http://taskify.example:8001")],
)
def test_a_page_over_https_is_sent_nowhere_in_clear_text(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TASKIFY_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        ApiSettings()

    monkeypatch.setenv("TASKIFY_PUBLIC_API_URL", "http://taskify.example")
    ApiSettings()
