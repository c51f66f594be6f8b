"""What a benchmark found out: prose, a table, targets, a chart. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that was promised: `value` is to be at most `limit`, or with `least` at least that."""

    what: str
    value: float
    limit: float
    least: bool = False
    remark: str = ""
    """Why it is missed, where it is."""

    @property
    def met(self) -> bool:
        """Whether the promise was kept."""
        return self.value >= self.limit if self.least else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells that are written already; the first column is text, the others are figures."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it stands for, how long it is in the chart's unit; `ours` are drawn in the stronger colour."""

    label: str
    value: float
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Horizontal bars over one axis, which is logarithmic where the bars differ by more than eye can see."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One question and what was found; `key` names its chart's file. `prose` are paragraphs of Markdown."""

    key: str
    question: str
    prose: tuple[str, ...]
    tables: tuple[Table, ...]
    targets: tuple[Target, ...]
    chart: Chart


def seconds(value: float) -> str:
    """A duration as a cell: milliseconds below a second."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def times(value: float) -> str:
    """A ratio as a cell."""
    return f"{value:.2f} ×" if value < 10 else f"{value:.0f} ×"


def spread(values: Sequence[float]) -> str:
    """The lowest and the highest of several durations as a cell."""
    return f"{seconds(min(values))} – {seconds(max(values))}"
