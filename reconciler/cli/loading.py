"""Reading the desired state for a command, and the values that options give it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from reconciler.cli.remarks import remark
from reconciler.errors import UsageError
from reconciler.model.desired import Desired, RemovalLimit


def load_desired(path: Path, as_of: datetime | None, *, quiet: bool) -> Desired:
    """Load and check PATH; warnings go to stderr. Raises ConfigError with every problem."""
    from reconciler.config import load

    desired = load(path, as_of=day(as_of))
    if desired.warnings and not quiet:
        from reconciler.report.problems_text import render_problems

        remark(render_problems(desired.warnings).rstrip("\n"))
    return desired


def day(as_of: datetime | None) -> date:
    """The day on which `until` is evaluated: today in UTC unless given."""
    return (as_of or datetime.now(UTC)).date()


def removal_limit(text: str | None) -> RemovalLimit | None:
    """`--max-removals`: a count or a share in percent."""
    if text is None:
        return None
    try:
        return RemovalLimit.parse(text, "--max-removals")
    except ValueError:
        raise UsageError(f"--max-removals takes a count or a share, not {text!r}", "for example 3 or 40%") from None
