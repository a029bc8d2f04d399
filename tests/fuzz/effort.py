"""How long to search."""

from pathlib import Path

from hypothesis import HealthCheck, settings
from pydantic_settings import BaseSettings, SettingsConfigDict


class Effort(BaseSettings):
    """Without `times` as every run of the tests does: few examples, always the same. With it so many times as many."""

    model_config = SettingsConfigDict(env_prefix="TEST_FUZZ_")

    times: int | None = None
    report_to: Path | None = None

    def settings(self, examples: int, steps: int = 50) -> settings:
        """Give hypothesis' settings."""
        return settings(
            max_examples=examples * (self.times or 1),
            stateful_step_count=steps,
            derandomize=self.times is None,
            deadline=None,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )

    def report(self, search: str, cases: int) -> None:
        """Say how much was tried, to whoever asked for it."""
        if self.report_to is not None:
            with self.report_to.open("a") as file:
                file.write(f"{search}\t{cases}\n")
