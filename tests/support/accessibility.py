"""axe-core in a page: what it finds wrong, in the four looks that the page has."""

from functools import cache
from typing import Any

from playwright.async_api import Page

from tests.support.browser import DESKTOP, PHONE
from tests.support.system import REPOSITORY

AXE = REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js"

LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in (DESKTOP, PHONE)]

SETTLED = """async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const ends = ({ effect }) => Number.isFinite(effect.getComputedTiming().endTime);
    await Promise.allSettled(document.getAnimations().filter(ends).map(({ finished }) => finished));
}"""
"""A colour on its way from one look to the other has the contrast of neither; a dialog that fades in is not there."""


@cache
def _axe() -> str:
    return AXE.read_text()


async def axe_finds_nothing_wrong(page: Page) -> None:
    """Hold the page against every rule, best practices too, in light and dark, on a desk and on a phone."""
    # Run by the developer tools, where the page's own policy, which forbids such a script, does not reach.
    await page.evaluate(_axe())
    found: list[str] = []
    for scheme, size in LOOKS:
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        await page.set_viewport_size(size)
        await page.evaluate(SETTLED)
        answer = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        look = f"{scheme}, {size['width']} px wide"
        found += [f"{look}: {line}" for violation in answer["violations"] for line in _lines(violation)]
    await page.set_viewport_size(DESKTOP)
    assert found == [], "\n".join(found)


def _lines(violation: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']} at {' '.join(map(str, node['target']))}: {' '.join(node['failureSummary'].split())}"
        for node in violation["nodes"]
    ]
