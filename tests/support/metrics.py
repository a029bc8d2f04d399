"""Reading the page that a process shows to Prometheus."""

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """One reading of a page."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = list(text_string_to_metric_families(text))

    def value(self, name: str, **labels: str) -> float | None:
        """Give a sample, or None if there is none."""
        for family in self.families:
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        return None

    def labels(self) -> dict[str, set[str]]:
        """Give all labels with all their values; bounds of histograms are none that a process chooses."""
        found: dict[str, set[str]] = {}
        for family in self.families:
            for sample in family.samples:
                for name, value in sample.labels.items():
                    if name != "le":
                        found.setdefault(name, set()).add(value)
        return found


async def scrape(address: str) -> Scrape:
    """Read the page of a process, as Prometheus does."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.get(f"{address}/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Scrape(answer.text)
