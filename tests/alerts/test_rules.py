"""The alert rules ask only for what there is, fire when they should by promtool's tests, and say what to do."""

import re
import subprocess
from pathlib import Path

import pytest

from infra.local.processes import PROCESSES
from infra.local.prometheus import program

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "infra" / "containers"
RULES = (CONTAINERS / "alerts.yml").read_text()
UNIT_TESTS = (Path(__file__).parent / "rules.yml").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
METRICS = (ROOT / "docs" / "metrics.md").read_text()
OF_PROMETHEUS = {"job", "instance", "service", "le"}
SECONDS = 300
SAMPLE_SECONDS = 30


def rules() -> dict[str, str]:
    """Give the text of each rule by its name."""
    parts = re.split(r"^      - alert: (\w+)$", RULES, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def expression(rule: str) -> str:
    found = re.search(r"^        expr: (.*?)^        (?:for|labels): ", rule, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def described() -> dict[str, tuple[str, set[str]]]:
    """Read the kind and the labels of every metric of ours."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([`\w, ]*)\|", METRICS, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def promtool(*words: str | Path) -> None:
    tool = program("promtool")
    assert tool is not None, "promtool is missing: make setup"
    done = subprocess.run([tool, *words], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_reads_the_configuration_and_all_rules() -> None:
    promtool("check", "config", CONTAINERS / "prometheus.yml")


def test_each_alert_fires_when_it_should_and_only_then() -> None:
    promtool("test", "rules", Path(__file__).parent / "rules.yml")


@pytest.mark.parametrize("name", rules())
def test_each_alert_is_tried_in_health_and_in_trouble(name: str) -> None:
    healthy, *broken = UNIT_TESTS.split("\n  - name: ")[1:]

    assert healthy.startswith("a healthy system\n")
    assert f"alertname: {name} }}\n" in healthy
    (own,) = (one for one in broken if one.startswith(f"{name}\n"))
    assert "exp_labels" in own
    *before, fires = [int(seconds) for seconds in re.findall(r"eval_time: (\d+)s", own)]
    assert before == ([fires - SAMPLE_SECONDS] if fires else []), "fires at that moment and not at the one before"


@pytest.mark.parametrize(("name", "rule"), rules().items())
def test_each_alert_has_a_severity_a_summary_and_its_section(name: str, rule: str) -> None:
    assert re.search(r"^        labels: \{ severity: (critical|warning) \}$", rule, re.MULTILINE)
    assert re.search(r"^          summary: \S", rule, re.MULTILINE)
    assert f"          runbook: docs/operations.md#{name.lower()}\n" in rule
    (section,) = re.findall(rf"^### {name}$(.*?)(?=^##|\Z)", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert re.findall(r"^\*\*(\w+)\.\*\*", section, re.MULTILINE) == ["Means", "Look", "Do"]


def test_no_section_is_about_an_alert_that_does_not_exist() -> None:
    assert re.findall(r"^### (Taskify\w+)$", OPERATIONS, re.MULTILINE) == list(rules())


@pytest.mark.parametrize(("name", "rule"), rules().items())
def test_each_metric_and_each_label_exists(name: str, rule: str) -> None:
    known, query = described(), expression(rule)
    metrics = set(re.findall(r"\b(?:taskify|process)_\w+", query))
    assert metrics or re.search(r"\b(rabbitmq_\w+|up\{)", query), name
    labels = set(OF_PROMETHEUS)
    for metric in metrics:
        own = re.sub(r"_(bucket|count|sum)$", "", metric)
        assert (known[own][0] == "histogram") is (own != metric), metric
        labels |= known[own][1]
        counts = known[own][0] != "gauge"
        assert counts is bool(re.search(rf"(rate|increase)\({metric}\b", query)), metric
    if "rabbitmq_" in query:
        labels.add("queue")
    asked = set(re.findall(r"(\w+)!?=~?\"", query))
    for group in re.findall(r"by \(([\w, ]+)\)", query):
        asked |= set(group.split(", "))
    assert asked <= labels, name


def test_every_value_of_a_label_is_one_that_there_is() -> None:
    described_values = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", METRICS, re.MULTILINE))
    services = {process.name for process in PROCESSES}
    for name, value in re.findall(r"(\w+)=\"([^\"]+)\"", RULES):
        if name == "service":
            assert value in services
        elif name in described_values:
            assert f"`{value}`" in described_values[name], (name, value)
    assert all(f'absent(up{{job="taskify", service="{service}"}})' in RULES for service in services)


def test_all_checks_of_the_readiness_have_an_alert() -> None:
    (excluded,) = re.findall(r'check!~"([\w|]+)"', RULES)
    own = set(re.findall(r'check="(\w+)"', RULES))

    assert set(excluded.split("|")) == own | {"accepting"}


def test_memory_is_told_of_at_85_percent_of_the_limit_in_compose() -> None:
    compose = (ROOT / "compose.yaml").read_text()
    (process,) = re.findall(r"^x-process:.*?mem_limit: (\d+)m", compose, re.MULTILINE | re.DOTALL)
    (gateway,) = re.findall(r"^  gateway:$.*?mem_limit: (\d+)m", compose, re.MULTILINE | re.DOTALL)
    query = expression(rules()["TaskifyMemory"])

    assert re.findall(r'service(!?)="gateway"} > 0\.85 \* (\d+) \* 1024 \* 1024', query) == [
        ("!", process),
        ("", gateway),
    ]


def test_compose_gives_the_rules_to_prometheus() -> None:
    assert "./infra/containers/alerts.yml:/etc/prometheus/alerts.yml:ro" in (ROOT / "compose.yaml").read_text()
    assert "rule_files: [alerts.yml]" in (CONTAINERS / "prometheus.yml").read_text()
