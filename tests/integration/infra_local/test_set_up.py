"""The set-up, as far as it can be tried without installing anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local import prometheus
from infra.local.logged import REPOSITORY, SetUpError, fingerprint, run

_SECONDS = 30


def set_up(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [REPOSITORY / "infra" / "local" / "setup.sh", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def test_old_python_is_said(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    result = set_up({"PATH": os.defpath, "PYTHON": str(old)}, "up")
    assert result.returncode == 1
    assert result.stderr.startswith("Taskify needs Python 3.11 or newer; found: Python 3.9.2.")


def test_unknown_purpose_is_refused() -> None:
    result = set_up({"PATH": os.defpath + ":/usr/bin"}, "everything")
    assert result.returncode == 2
    assert result.stderr == "usage: python3 -m infra.local.setup up|check|test\n"


def test_missing_package_that_cannot_be_installed_is_said(tmp_path: Path) -> None:
    for program in (sys.executable, "/bin/sh", "/usr/bin/dirname"):
        (tmp_path / Path(program).name).symlink_to(program)
    result = set_up({"PATH": str(tmp_path), "PYTHON": sys.executable}, "test")
    assert result.returncode == 1
    assert (
        result.stderr
        == "Missing: chromium amqp-tools. Install it with your system's package manager, then try again.\n"
    )


def test_failed_program_is_said_with_the_end_of_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.logged.LOG", tmp_path / "build" / "setup.log")
    run(["sh", "-c", "echo earlier"])
    with pytest.raises(SetUpError, match=r"(?s)failed \(exit code 7\).*no space left") as failure:
        run(["sh", "-c", "echo no space left; exit 7"])
    assert "earlier" not in str(failure.value)


def test_program_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.logged.LOG", tmp_path / "setup.log")
    with pytest.raises(SetUpError, match="no-such-program cannot be run"):
        run(["no-such-program"])


def test_fingerprint_differs_when_a_file_below_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.logged.REPOSITORY", tmp_path)
    (tmp_path / "src").mkdir()
    source = tmp_path / "src" / "main.ts"
    source.write_text("one")
    first = fingerprint(tmp_path / "src")
    assert fingerprint(tmp_path / "src") == first
    source.write_text("two")
    assert fingerprint(tmp_path / "src") != first
    source.write_text("one")
    source.rename(source.with_name("other.ts"))
    assert fingerprint(tmp_path / "src") != first


def test_missing_promtool_that_cannot_be_fetched_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "_OWN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SetUpError, match=r"^Missing: promtool and prometheus[.] Install Prometheus"):
        prometheus.install_prometheus()


def test_promtool_is_taken_out_of_its_package_and_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here `apt-get` and `dpkg-deb` are scripts; what they are asked for is what is tried."""
    tools, own = tmp_path / "tools", tmp_path / "own"
    for folder in (tools, own):
        folder.mkdir()
    scripts = {
        "apt-get": '[ "$*" = "download -q prometheus" ] && : >prometheus_2.42.0_amd64.deb',
        "dpkg-deb": 'mkdir -p "$3/usr/bin" && echo one >"$3/usr/bin/promtool" && echo two >"$3/usr/bin/prometheus"',
    }
    for name, line in scripts.items():
        (tools / name).write_text(f"#!/bin/sh\n{line}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setattr(prometheus, "_OWN", own)
    monkeypatch.setattr("infra.local.prometheus.program", lambda _: None)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")

    prometheus.install_prometheus()

    assert [(own / name).read_text() for name in prometheus.PROGRAMS] == ["one\n", "two\n"]
