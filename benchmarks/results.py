"""RESULTS.md: everything that one run found out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.answer import Answer, Table, Target
from benchmarks.chart import figure

HEAD = """\
# What it takes: calls, time, memory

Written by `make bench`; not to be edited by hand. Every ratio is from one run, in which what is compared ran in turn;
times are medians of at least {rounds} runs, and a ratio is the median of the rounds' own ratios."""


def results_of(answers: Sequence[Answer], *, rounds: int, machine: str, versions: str, day: str) -> str:
    """The whole document. `rounds`: how often everything was timed; `day`: ISO date of the run."""
    parts = [
        HEAD.format(rounds=rounds),
        f"- **When**: {day}\n- **Machine**: {machine}\n- **Versions**: {versions}",
        "## Targets",
        _table(_targets(answers)),
        *(part for answer in answers for part in _answer(answer)),
    ]
    return "\n\n".join(parts) + "\n"


def _targets(answers: Sequence[Answer]) -> Table:
    rows = [
        (target.what, figure(target.value), _limit(target), _verdict(target)) for a in answers for target in a.targets
    ]
    return Table(("target", "measured", "limit", "met"), tuple(rows))


def _limit(target: Target) -> str:
    return f"{'≥' if target.least else '≤'} {target.limit:g}"


def _verdict(target: Target) -> str:
    if target.met:
        return "yes"
    return f"**no**: {target.remark}" if target.remark else "**no**"


def _answer(answer: Answer) -> list[str]:
    return [
        f"## {answer.question}",
        *answer.prose,
        *(_table(table) for table in answer.tables),
        f"![{answer.chart.title}](results/{answer.key}.svg)",
    ]


def _table(table: Table) -> str:
    lines = [f"**{table.title}**\n"] if table.title else []
    lines.append(_line(table.head))
    lines.append(_line(["---", *("---:" for _ in table.head[1:])]))
    lines += [_line(row) for row in table.rows]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
