"""What each process of ours begins with."""

from infra.settings import Settings
from infra.telemetry import tracing
from infra.telemetry.logging import configure_logging


def configure_telemetry(process: str, settings: Settings) -> None:
    """Let a process log, and send spans if it is told to where."""
    configure_logging(process, settings.log_level)
    if settings.traces_endpoint:
        from infra.telemetry.spans import ExportedSpans  # noqa: PLC0415 (its memory is for those who want traces)

        tracing.use(ExportedSpans.to_collector(process, settings.traces_endpoint, settings.traces_sampled))
