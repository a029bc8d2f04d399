"""The spans of a trace as a tree."""

from collections.abc import Iterator, Sequence

from tests.support.collector import Span


def children(spans: Sequence[Span], parent_id: str = "") -> list[Span]:
    """Give the spans below one, in the order of their beginning; without one, the root."""
    return sorted((span for span in spans if span.parent_id == parent_id), key=lambda span: span.began)


def tree_lines(spans: Sequence[Span]) -> Iterator[str]:
    """Draw a trace: its processes, what each did, and when, in milliseconds since the beginning."""
    (root,) = children(spans)
    rows = [(f"{root.process}: {root.name}", root), *_below(spans, root, "")]
    width = max(len(text) for text, _ in rows)
    yield f"{'':{width}}   began    took"
    for text, span in rows:
        yield f"{text:{width}} {(span.began - root.began) * 1e3:6.1f} {(span.ended - span.began) * 1e3:7.1f} ms"


def _below(spans: Sequence[Span], parent: Span, indent: str) -> Iterator[tuple[str, Span]]:
    found = children(spans, parent.span_id)
    for number, span in enumerate(found, start=1):
        last = number == len(found)
        yield f"{indent}{'└─' if last else '├─'} {span.process}: {span.name}", span
        yield from _below(spans, span, indent + ("   " if last else "│  "))
