"""Which formats there are of what, and who writes them: one entry for each.

The keys are the choices of a command's `--format`, so that this module must stay quick to import: a renderer is
imported by the entry that calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.errors import Problem
    from reconciler.model.difference import Difference
    from reconciler.model.result import ApplyResult
    from reconciler.model.whereabouts import Whereabouts
    from reconciler.planfile.saved import SavedPlan
    from reconciler.report.calls import Call


@dataclass(frozen=True, slots=True)
class Look:
    """How a result is to look: with full numbers or masked ones, with colours (text alone has any), for which command.

    `drift` is a plan that nobody means to apply.
    """

    show_phones: bool = False
    color: bool = False
    drift: bool = False


def plan_text(made: SavedPlan, look: Look) -> str:
    """A plan for a terminal."""
    from reconciler.report.text import render_plan

    return render_plan(made.plan, show_phones=look.show_phones, color=look.color, drift=look.drift)


def _plan_json(made: SavedPlan, look: Look) -> str:
    from reconciler.hostile.escaping import json_text
    from reconciler.planfile.write import plan_document
    from reconciler.report.document import masked

    return json_text(masked(plan_document(made), look.show_phones))


def _plan_markdown(made: SavedPlan, look: Look) -> str:
    from reconciler.report.plan_markdown import render_plan_markdown

    said = f"reconciler {made.made_by}, {made.made_at}"
    return render_plan_markdown(made.plan, show_phones=look.show_phones, drift=look.drift, made=said)


def _dry_text(made: SavedPlan, calls: Sequence[Call], look: Look) -> str:
    """The calls alone: what they come of has been shown already."""
    from reconciler.report.text import render_calls

    return render_calls(calls, show_phones=look.show_phones)


def _dry_json(made: SavedPlan, calls: Sequence[Call], look: Look) -> str:
    from reconciler.hostile.escaping import json_text
    from reconciler.planfile.write import plan_document
    from reconciler.report.calls import calls_document
    from reconciler.report.document import masked

    return json_text(masked({**plan_document(made), "calls": calls_document(calls)}, look.show_phones))


def _dry_markdown(made: SavedPlan, calls: Sequence[Call], look: Look) -> str:
    from reconciler.report.plan_markdown import render_plan_markdown

    said = f"reconciler {made.made_by}, {made.made_at}"
    return render_plan_markdown(made.plan, show_phones=look.show_phones, made=said, calls=calls)


def _plan_html(made: SavedPlan, look: Look) -> str:
    from reconciler.report.html.render import render_plan_html

    return render_plan_html(made, show_phones=look.show_phones, drift=look.drift)


def _result_text(result: ApplyResult, look: Look) -> str:
    from reconciler.report.text import render_result

    return render_result(result, show_phones=look.show_phones, color=look.color)


def _result_json(result: ApplyResult, look: Look) -> str:
    from reconciler.hostile.escaping import json_text
    from reconciler.report.document import masked, result_document

    return json_text(masked(result_document(result), look.show_phones))


def _problems_text(problems: Sequence[Problem], verdict: str) -> str:
    from reconciler.report.problems_text import render_problems

    return "\n".join(part for part in (problems and render_problems(problems), verdict) if part)


def _problems_json(problems: Sequence[Problem], verdict: str) -> str:
    from reconciler.hostile.escaping import json_text
    from reconciler.report.problems_text import problems_document

    return json_text(problems_document(problems))


def _result_markdown(result: ApplyResult, look: Look) -> str:
    from reconciler.report.result_markdown import render_result_markdown

    return render_result_markdown(result, show_phones=look.show_phones)


def _problems_github(problems: Sequence[Problem], verdict: str) -> str:
    from reconciler.cli.repository import in_repository
    from reconciler.report.problems_github import render_annotations

    return render_annotations(in_repository(problems), verdict)


def _problems_sarif(problems: Sequence[Problem], verdict: str) -> str:
    from reconciler import __version__
    from reconciler.cli.repository import in_repository
    from reconciler.hostile.escaping import json_text
    from reconciler.report.problems_sarif import sarif_document

    return json_text(sarif_document(in_repository(problems), __version__))


def _who_text(found: Whereabouts, look: Look) -> str:
    from reconciler.report.who_text import render_who

    return render_who(found, show_phones=look.show_phones, color=look.color)


def _who_json(found: Whereabouts, look: Look) -> str:
    from reconciler.hostile.escaping import json_text
    from reconciler.report.document import masked
    from reconciler.report.who_document import who_document

    return json_text(masked(who_document(found), look.show_phones))


def _difference_text(difference: Difference, look: Look) -> str:
    from reconciler.report.difference_text import render_difference

    return render_difference(difference, show_phones=look.show_phones, color=look.color)


def _difference_json(difference: Difference, look: Look) -> str:
    from reconciler.hostile.escaping import json_text
    from reconciler.report.difference_document import difference_document
    from reconciler.report.document import masked

    return json_text(masked(difference_document(difference), look.show_phones))


def _difference_markdown(difference: Difference, look: Look) -> str:
    from reconciler.report.difference_markdown import render_difference_markdown

    return render_difference_markdown(difference, show_phones=look.show_phones)


PLAN_FORMATS: Mapping[str, Callable[[SavedPlan, Look], str]] = {
    "text": plan_text,
    "json": _plan_json,
    "markdown": _plan_markdown,
    "html": _plan_html,
}
"""For `plan`, `drift`, `show`."""

RESULT_FORMATS: Mapping[str, Callable[[ApplyResult, Look], str]] = {
    "text": _result_text,
    "json": _result_json,
    "markdown": _result_markdown,
}
"""For `apply`."""

DRY_RUN_FORMATS: Mapping[str, Callable[[SavedPlan, Sequence[Call], Look], str]] = {
    "text": _dry_text,
    "json": _dry_json,
    "markdown": _dry_markdown,
}
"""For `apply --dry-run`, which takes the formats of `apply`."""

PROBLEM_FORMATS: Mapping[str, Callable[[Sequence[Problem], str], str]] = {
    "text": _problems_text,
    "json": _problems_json,
    "github": _problems_github,
    "sarif": _problems_sarif,
}
"""For `validate`; the second value is the line that a terminal ends with where the file is valid."""

WHO_FORMATS: Mapping[str, Callable[[Whereabouts, Look], str]] = {
    "text": _who_text,
    "json": _who_json,
}
"""For `who`."""

DIFFERENCE_FORMATS: Mapping[str, Callable[[Difference, Look], str]] = {
    "text": _difference_text,
    "json": _difference_json,
    "markdown": _difference_markdown,
}
"""For `diff`."""
