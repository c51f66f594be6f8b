"""How a reader wants a report."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from reconciler.model.run_context import RunContext


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """With full phone numbers or masked ones, with colours (text alone has any), for which command.

    `drift` marks a plan that nobody intends to apply; `run` is the CI run that the HTML page links back to.
    """

    show_phones: bool = False
    color: bool = False
    drift: bool = False
    _: KW_ONLY
    run: RunContext = field(default_factory=RunContext)
