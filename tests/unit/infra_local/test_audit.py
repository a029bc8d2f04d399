"""What an audit says is what its tools reported, and silence is not a clean answer."""

import json
from typing import Any

import pytest

from infra.local.audit import Exit, Found, exit_code, of_npm, of_pip_audit

CLEAN = {"name": "yarl", "version": "1.0", "vulns": []}
HOLE = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1", "3.0"], "aliases": []}]}
UNKNOWN = {"name": "anyio", "skip_reason": "Dependency not found on PyPI and could not be audited: anyio (4.0)"}


def pip_audit(*dependencies: dict[str, Any]) -> Found:
    return of_pip_audit("a.lock", json.dumps({"dependencies": dependencies, "fixes": []}), "No known vulnerabilities")


def npm(report: object) -> Found:
    return of_npm("web", json.dumps(report), "")


def test_a_package_that_the_service_does_not_know_is_not_clean() -> None:
    found = pip_audit(CLEAN, UNKNOWN)

    assert (found.asked, found.holes) == (1, ())
    assert exit_code([found]) is Exit.NOT_ASKED
    assert "NOT ASKED about 1" in "\n".join(found.lines())
    assert "no known hole" not in "\n".join(found.lines())


def test_a_hole_is_named_with_the_versions_that_mend_it() -> None:
    found = pip_audit(CLEAN, HOLE, UNKNOWN)

    assert found.holes == ("jinja2 2.0: PYSEC-1, mended in 2.1, 3.0",)
    assert exit_code([pip_audit(CLEAN), found]) is Exit.HOLES
    assert any("KNOWN HOLES" in line for line in found.lines())


def test_all_asked_about_and_nothing_known_is_clean() -> None:
    found = pip_audit(CLEAN, CLEAN)

    assert exit_code([found]) is Exit.CLEAN
    assert list(found.lines()) == ["a.lock: no known hole in 2 packages"]


@pytest.mark.parametrize("report", ["", "not JSON", "[]", "{}"])
def test_a_tool_without_a_report_has_not_asked_and_its_last_words_are_shown(report: str) -> None:
    for found in (of_pip_audit("a", report, "trace\nno such host"), of_npm("a", report, "trace\nno such host")):
        assert found.not_asked == ("no such host",)
        assert exit_code([found]) is Exit.NOT_ASKED


def test_what_npm_says_of_its_registry_is_shown() -> None:
    found = npm({"message": "405 Method Not Allowed", "statusCode": 405, "error": {"summary": "", "detail": ""}})

    assert found.not_asked == ("405 Method Not Allowed",)
    assert exit_code([found]) is Exit.NOT_ASKED


def test_holes_of_npm_are_named_with_their_weight() -> None:
    counts = {"dependencies": {"total": 7}}
    found = npm({"vulnerabilities": {"vite": {"range": "<5", "severity": "high"}}, "metadata": counts})

    assert found.holes == ("vite <5: high",)
    assert exit_code([found]) is Exit.HOLES
    assert exit_code([npm({"vulnerabilities": {}, "metadata": counts})]) is Exit.CLEAN
