"""Grafana's dashboard asks only for what the processes really show (`docs/metrics.md`)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

ROOT = Path(__file__).parents[3]
GRAFANA = ROOT / "infra" / "containers" / "grafana"
PAGE = ROOT / "docs" / "metrics.md"
PARTS_OF_A_HISTOGRAM = {"bucket", "count", "sum"}
MISSING = object()
OF_PROMETHEUS = {"job", "instance", "service", "le"}


@pytest.fixture
def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((GRAFANA / "dashboards" / "taskify.json").read_text())["panels"]
    return found


def queries(panels: list[dict[str, Any]]) -> list[str]:
    return [target["expr"] for panel in panels for target in panel["targets"]]


def described() -> dict[str, tuple[str, set[str]]]:
    """Read the kind and the labels of every metric."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([`\w, ]*)\|", PAGE.read_text(), re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_every_metric_of_the_dashboard_exists_and_is_of_its_kind(panels: list[dict[str, Any]]) -> None:
    known = described()
    asked = {name for query in queries(panels) for name in re.findall(r"\b(?:taskify|process)_\w+", query)}
    assert len(asked) >= 15
    for name in asked:
        metric, _, part = name.rpartition("_")
        if known.get(metric, ("",))[0] == "histogram":
            assert part in PARTS_OF_A_HISTOGRAM, name
        else:
            assert known[name][0] in {"counter", "gauge"}, name


def test_counters_are_shown_as_rates_and_gauges_as_they_are(panels: list[dict[str, Any]]) -> None:
    known = described()
    for query in queries(panels):
        for before, name in re.findall(r"(\w+\(|)((?:taskify|process)_\w+)", query):
            gauge = known.get(name, ("",))[0] == "gauge"
            assert (before not in {"rate(", "increase("}) is gauge, query


def test_every_label_of_the_dashboard_exists(panels: list[dict[str, Any]]) -> None:
    known = described()
    for query in queries(panels):
        metrics = [re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"\btaskify_\w+", query)]
        labels = OF_PROMETHEUS.union(*(known[name][1] for name in metrics))
        asked = set(re.findall(r"(\w+)=~?\"", query))
        for group in re.findall(r"by \(([\w, ]+)\)", query):
            asked |= set(group.split(", "))
        assert asked <= labels, query


def test_grafana_s_own_model_of_a_dashboard_loads_it_and_loses_nothing() -> None:
    written = json.loads((GRAFANA / "dashboards" / "taskify.json").read_text())

    loaded = json.loads(JSONEncoder().encode(Dashboard.from_json(written)))

    assert missing(written, loaded) == []
    assert missing({**written, "panles": []}, loaded) == ["/panles"]


def missing(written: Any, loaded: Any, path: str = "") -> list[str]:
    """Name what was written and is not there any more, or is otherwise."""
    if isinstance(written, dict) and isinstance(loaded, dict):
        return [one for key in written for one in missing(written[key], loaded.get(key, MISSING), f"{path}/{key}")]
    if isinstance(written, list) and isinstance(loaded, list) and len(written) == len(loaded):
        pairs = enumerate(zip(written, loaded, strict=True))
        return [one for place, (old, new) in pairs for one in missing(old, new, f"{path}/{place}")]
    return [] if written == loaded else [path]


def test_every_panel_reads_the_data_source_that_is_provided(panels: list[dict[str, Any]]) -> None:
    source = dict(re.findall(r"(uid|type): (\w+)", (GRAFANA / "datasources" / "prometheus.yaml").read_text()))
    used = [panel["datasource"] for panel in panels] + [each["datasource"] for p in panels for each in p["targets"]]
    assert all(each == source for each in used)
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] and panel["description"] for panel in panels)
