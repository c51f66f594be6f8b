"""How a reader wants a report."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from reconciler.model.run_context import RunContext


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """With full phone numbers or masked ones, with colours (text alone has any), for which command, how wide.

    `drift` marks a plan that nobody intends to apply. `summary` leaves out the single groups, in text and markdown,
    and `refusals` the reasons to refuse the plan where it is False, in text.
    `width` is that of the terminal, to which text is wrapped; None for a file or a pipe. `run` is the CI run that a
    report links back to.
    """

    show_phones: bool = False
    color: bool = False
    drift: bool = False
    _: KW_ONLY
    summary: bool = False
    refusals: bool = True
    width: int | None = None
    run: RunContext = field(default_factory=RunContext)
