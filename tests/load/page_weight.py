"""What bell and panel add to the time in which the page is there: from navigation to the board drawn.

`make page-weight` builds the page twice, as it is and without everything that notifications need (Vite's mode
`without-notifications`), and runs this. One task API serves both from the same folder, which is a link to the one or
the other; each is loaded 40 times in a fresh browser context, with nothing in its caches, the two by turns. The exit
code is not zero when the 95 % interval of what is added lies wholly above 5 %.
"""

import asyncio
import random
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, StorageState, async_playwright

from tests.support.browser import OpenPage, launched, shows_unread
from tests.support.people import Person
from tests.support.system import REPOSITORY, System

WITH = REPOSITORY / "web" / "dist"
WITHOUT = REPOSITORY / "build" / "page-without-notifications"
TOLD_APART_BY = "Mark all as read"
"""Words of the bell: one build has them, the other must not."""

PAIRS = 40
WARM_UP_PAIRS = 2
TASKS = 30
NOTIFICATIONS = 20
LIMIT = 0.05
RESAMPLES = 10_000

CONTEXT: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}

WHEN_DRAWN = f"""
globalThis.drawn = new Promise((resolve) => {{
    const look = () => {{
        if (document.querySelectorAll("[data-card]").length < {TASKS}) return;
        seen.disconnect();
        // After the frame in which they stand has been painted.
        requestAnimationFrame(() => {{
            const painted = new MessageChannel();
            painted.port1.onmessage = () => resolve(performance.now());
            painted.port2.postMessage(null);
        }});
    }};
    const seen = new MutationObserver(look);
    seen.observe(document, {{ childList: true, subtree: true }});
}});
"""


@dataclass
class Variant:
    """One build of the page, and how long each load of it took, in milliseconds."""

    name: str
    build: Path
    loads: list[float] = field(default_factory=list)
    transferred: int = 0

    @property
    def files(self) -> int:
        """Give the bytes of scripts and styles on disk."""
        return sum(file.stat().st_size for kind in ("*.js", "*.css") for file in self.build.glob(f"assets/{kind}"))


class Loader:
    """Loads the page again and again as somebody who is signed in, from whichever build the link points to."""

    def __init__(self, browser: Browser, url: str, link: Path, state: StorageState) -> None:
        self._browser = browser
        self._url = url
        self._link = link
        self._state = state

    async def load(self, variant: Variant) -> float:
        """Give the time from navigation to the board drawn."""
        point(self._link, variant.build)
        context = await self._browser.new_context(storage_state=self._state, **CONTEXT)
        await context.add_init_script(WHEN_DRAWN)
        page = await context.new_page()
        await page.goto(self._url, wait_until="commit")
        drawn: float = await page.evaluate("drawn")
        await self._leave(context)
        return drawn

    async def weigh(self, variant: Variant) -> int:
        """Give all bytes that come over the network until nothing more comes."""
        point(self._link, variant.build)
        context = await self._browser.new_context(storage_state=self._state, **CONTEXT)
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        sizes: list[float] = []
        devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        await devtools.send("Network.enable")
        await page.goto(self._url, wait_until="networkidle")
        await self._leave(context)
        return int(sum(sizes))

    async def _leave(self, context: BrowserContext) -> None:
        """Keep the cookie for the next time: each refresh replaces it."""
        self._state = await context.storage_state()
        await context.close()


def point(link: Path, build: Path) -> None:
    """Let the link lead to a build from now on; there is no moment without one."""
    new = link.with_suffix(".new")
    new.symlink_to(build)
    new.replace(link)


async def measure(system: System, link: Path, variants: tuple[Variant, Variant]) -> None:
    """Load both builds by turns, each first as often as the other."""
    async with httpx.AsyncClient(trust_env=False) as http, async_playwright() as playwright:
        browser = await launched(playwright.chromium)
        loader = Loader(browser, system.addresses.api, link, await signed_in(system, http, browser))
        for variant in variants:
            variant.transferred = await loader.weigh(variant)
        for pair in range(-WARM_UP_PAIRS, PAIRS):
            for variant in variants if pair % 2 else variants[::-1]:
                took = await loader.load(variant)
                if pair >= 0:
                    variant.loads.append(took)
        await browser.close()


async def signed_in(system: System, http: httpx.AsyncClient, browser: Browser) -> StorageState:
    """Make a board and an inbox, log in once, and give what the browser remembers of it."""
    john = await Person.register(http, system.addresses, "Loads the page")
    ann = await Person.register(http, system.addresses, "Makes the tasks")
    existing = len((await ann.call("GET", "/api/tasks", params={"limit": 100})).json()["items"])
    for number in range(TASKS - existing):
        await ann.create_task(f"Task {number}", assignee_id=john.id if number < NOTIFICATIONS else None)
    opener = OpenPage(system.addresses, browser)
    page = await opener(john)
    await shows_unread(page, min(NOTIFICATIONS, TASKS - existing))
    state = await page.context.storage_state()
    await opener.close()
    return state


def ratios(with_: Variant, without: Variant) -> list[float]:
    """Give how much longer each load took than the one beside it: what else the machine does hits both."""
    return [one / other - 1 for one, other in zip(with_.loads, without.loads, strict=True)]


def interval(added: list[float]) -> tuple[float, float]:
    """Give the 95 % interval of the median, by drawing the pairs again and again (percentile bootstrap)."""
    choice = random.Random(1)  # noqa: S311 (the same figures give the same interval)
    medians = sorted(statistics.median(choice.choices(added, k=len(added))) for _ in range(RESAMPLES))
    return medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]


def report(with_: Variant, without: Variant) -> bool:
    """Print the figures; say whether what is added may be under the limit."""
    write = sys.stdout.write
    write(f"{PAIRS} pairs of loads with empty caches, from navigation to the board drawn\n")
    write(f"{'':28}{'median ms':>12}{'scripts and styles':>22}{'transferred':>16}\n")
    for variant in (with_, without):
        write(f"{variant.name:28}{statistics.median(variant.loads):12.1f}")
        write(f"{variant.files:16,} bytes{variant.transferred:10,} bytes\n")
    added = ratios(with_, without)
    low, high = interval(added)
    write(f"added: {statistics.median(added):+.1%} of the time, 95 % interval {low:+.1%} to {high:+.1%}, ")
    write(f"and {with_.transferred / without.transferred - 1:+.1%} of the bytes\n")
    write(
        f"required: under {LIMIT:.0%} of the time ({'met' if high < LIMIT else 'open' if low <= LIMIT else 'missed'})\n"
    )
    return low <= LIMIT


async def main() -> int:
    """Start a system, measure, stop it."""
    variants = Variant("with bell and panel", WITH), Variant("without them", WITHOUT)
    for variant, has_them in zip(variants, (True, False), strict=True):
        scripts = [script.read_text() for script in variant.build.glob("assets/*.js")]
        if not scripts or any(TOLD_APART_BY in script for script in scripts) is not has_them:
            sys.stderr.write(f"{variant.build} is not the page {variant.name}: run `make page-weight`\n")
            return 1
    with tempfile.TemporaryDirectory(prefix="taskify-weight-") as name:
        folder = Path(name)
        link = folder / "page"
        point(link, WITH)
        async with System.started(folder, page=link) as system:
            await measure(system, link, variants)
    return 0 if report(*variants) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
