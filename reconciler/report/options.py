"""How a reader wants a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """With full phone numbers or masked ones, with colours (text alone has any), for which command.

    `drift` marks a plan that nobody intends to apply.
    """

    show_phones: bool = False
    color: bool = False
    drift: bool = False
