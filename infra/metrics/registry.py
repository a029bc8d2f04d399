"""The registry of one process, and its page. Source: the Prometheus text format, version 0.0.4."""

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""What every Prometheus reads; nothing of ours needs the names that later versions allow."""


def process_registry() -> CollectorRegistry:
    """Make a registry that knows memory, files and processor time of this process; two metrics of one name fail."""
    registry = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=registry)
    return registry


def metrics_page(registry: CollectorRegistry) -> bytes:
    """Write all that a registry holds, as it is now."""
    return generate_latest(registry)
