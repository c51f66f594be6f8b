"""Plans, results, calls and problems as text for a terminal or a log; the front of the modules beside it."""

from __future__ import annotations

from reconciler.report.calls import render_calls
from reconciler.report.plan_text import render_plan
from reconciler.report.problems_text import render_problems
from reconciler.report.result_text import render_result

__all__ = ["render_calls", "render_plan", "render_problems", "render_result"]
