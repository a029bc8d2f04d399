"""From sampled stacks to a flame graph and a table.

Stacks are lines as py-spy writes them with `--format raw`: `outermost;…;innermost count`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape

WIDTH, ROW_HEIGHT = 1400, 18
NARROWEST = 1.0
"""In pixels: what is narrower is not drawn."""

_LETTER = 6.6
_OURS = ("contracts/", "infra/", "task_service/", "notification_worker/", "ws_gateway/")
_STYLE = """
svg { background: #fff; font: 11px monospace } text { fill: #14181f; pointer-events: none }
rect { stroke: #fff; stroke-width: .5 } .ours { fill: #8fb4ff } .other { fill: #e3c796 }
@media (prefers-color-scheme: dark) { svg { background: #12161c } text { fill: #eef2f7 } rect { stroke: #12161c }
.ours { fill: #2f57b3 } .other { fill: #6d5528 } }
"""


@dataclass
class Node:
    """A function as it was called from those above it; `count` includes what it called."""

    name: str
    count: int = 0
    below: dict[str, "Node"] = field(default_factory=dict)


def parse(lines: Iterable[str]) -> Iterator[tuple[list[str], int]]:
    """Give each stack with how often it was seen."""
    for line in lines:
        stack, _, count = line.rstrip().rpartition(" ")
        if stack:
            yield stack.split(";"), int(count)


def tree(stacks: Iterable[tuple[list[str], int]]) -> Node:
    root = Node("all")
    for stack, count in stacks:
        root.count += count
        node = root
        for name in stack:
            node = node.below.setdefault(name, Node(name))
            node.count += count
    return root


def flame_graph(root: Node, title: str) -> str:
    """Draw the tree, outermost on top, each function as wide as its share."""
    rectangles = list(_rectangles(root, 0.0, 0, WIDTH / max(1, root.count)))
    depth = max((row for row, _ in rectangles), default=0) + 1
    height = (depth + 2) * ROW_HEIGHT
    drawn = "".join(text for _, text in rectangles)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f"<style>{_STYLE}</style><title>{escape(title)}</title>"
        f'<text x="4" y="13">{escape(title)}, {root.count:,} samples</text>{drawn}</svg>\n'
    )


def top(stacks: Iterable[tuple[list[str], int]], count: int) -> str:
    """Give the functions in which most of the time was spent: in themselves, and with what they called."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    total = 0
    for stack, seen in stacks:
        total += seen
        own[stack[-1]] += seen
        for name in set(stack):
            whole[name] += seen
    lines = [f"{'self':>7}{'total':>8}  function"]
    lines += [f"{seen / total:7.1%}{whole[name] / total:8.1%}  {name}" for name, seen in own.most_common(count)]
    lines += ["", f"{'self':>7}{'total':>8}  function of ours, by total"]
    ours = [(name, seen) for name, seen in whole.most_common() if _is_ours(name)][:count]
    lines += [f"{own[name] / total:7.1%}{seen / total:8.1%}  {name}" for name, seen in ours]
    return "".join(f"{line}\n" for line in lines)


def _rectangles(node: Node, left: float, row: int, scale: float) -> Iterator[tuple[int, str]]:
    at = left
    for child in sorted(node.below.values(), key=lambda one: -one.count):
        width = child.count * scale
        if width >= NARROWEST:
            yield row, _rectangle(child, at, row + 1, width)
            yield from _rectangles(child, at, row + 1, scale)
        at += width


def _rectangle(node: Node, left: float, row: int, width: float) -> str:
    kind = "ours" if _is_ours(node.name) else "other"
    letters = int((width - 4) / _LETTER)
    label = (
        f'<text x="{left + 2:.1f}" y="{row * ROW_HEIGHT + 13}">{escape(node.name[:letters])}</text>'
        if letters > 2
        else ""
    )
    return (
        f'<g><rect class="{kind}" x="{left:.1f}" y="{row * ROW_HEIGHT}" width="{width:.1f}" height="{ROW_HEIGHT - 1}">'
        f"<title>{escape(node.name)}: {node.count:,}</title></rect>{label}</g>"
    )


def _is_ours(name: str) -> bool:
    return any(f"({package}" in name for package in _OURS)
