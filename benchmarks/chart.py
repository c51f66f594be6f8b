"""Charts as SVG that is readable on light and dark ground: horizontal bars with their figures beside them. Pure."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10

from benchmarks.answer import Bar, Chart

LABELS, BARS, FIGURES = 250, 400, 90
"""Widths in pixels: of the labels, of the longest bar, of the figure behind it."""

ROW, HEAD = 26, 40
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}"
    ".bar{fill:#9aa4b0}.ours{fill:#2f6fdf}.axis{stroke:#9aa4b0}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#6e7781}.ours{fill:#6ea8fe}.axis{stroke:#6e7781}}"
)


def svg_of(chart: Chart) -> str:
    """The chart as a whole SVG document; the same chart, the same text."""
    height = HEAD + ROW * len(chart.bars) + 8
    width = LABELS + BARS + FIGURES
    scale = "logarithmic" if chart.logarithmic else "linear"
    title = escape(f"{chart.title} ({chart.unit}, {scale} scale)")
    rows = [_row(chart, bar, HEAD + ROW * place) for place, bar in enumerate(chart.bars)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
            f'aria-label="{title}">',
            f"<title>{title}</title>",
            f"<style>{_STYLE}</style>",
            f'<text class="title" x="8" y="22">{title}</text>',
            *rows,
            f'<line class="axis" x1="{LABELS}" y1="{HEAD - 6}" x2="{LABELS}" y2="{height - 6}"/>',
            "</svg>",
            "",
        ]
    )


def _row(chart: Chart, bar: Bar, top: int) -> str:
    length = max(1.0, BARS * _share(chart, bar.value))
    kind = "ours" if bar.ours else "bar"
    middle = top + ROW // 2 + 1
    return (
        f'<text x="{LABELS - 8}" y="{middle}" text-anchor="end">{escape(bar.label)}</text>'
        f'<rect class="{kind}" x="{LABELS}" y="{top}" width="{length:.1f}" height="{ROW - 8}" rx="2"/>'
        f'<text x="{LABELS + length + 6:.1f}" y="{middle}">{figure(bar.value)}</text>'
    )


def _share(chart: Chart, value: float) -> float:
    """How much of the longest possible bar a value takes."""
    values = [bar.value for bar in chart.bars if bar.value > 0]
    if value <= 0 or not values:
        return 0.0
    if not chart.logarithmic:
        return value / max(values)
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return (log10(value) - low + 0.1) / (high - low + 0.1)


def figure(value: float) -> str:
    """A number with three figures that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
