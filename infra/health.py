"""Whether a process lives, and whether it can do its work.

`live` means the process answers. `ready` means every named check passed: the database and the broker answer, and
what it consumes is really being consumed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from contracts.model import ContractModel

CHECK_SECONDS = 2.0

OK = "ok"
"""What a check that passed is told as."""

Check = Callable[[], Awaitable[None]]
"""Returns when all is well, raises what is wrong."""


class Readiness(ContractModel):
    status: str
    checks: dict[str, str]

    @property
    def ready(self) -> bool:
        """Whether every check passed."""
        return self.status == "ready"


class Health:
    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = dict(checks)

    async def readiness(self) -> Readiness:
        """Run all checks side by side, each for at most `CHECK_SECONDS`."""
        results = await asyncio.gather(*(self._run(check) for check in self._checks.values()))
        checks = dict(zip(self._checks, results, strict=True))
        return Readiness(status="ready" if set(results) <= {OK} else "not_ready", checks=checks)

    @staticmethod
    async def _run(check: Check) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await check()
        except TimeoutError:
            return f"no answer in {CHECK_SECONDS:g} s"
        except Exception as error:  # noqa: BLE001 (whatever is wrong is the answer)
            return type(error).__name__ if not str(error) else f"{type(error).__name__}: {error}"[:200]
        return OK
