"""Which formats there are of what, and who writes them: one entry for each.

The keys are the choices of a command's `--format`, so that this module must stay quick to import: a renderer is
imported by the entry that calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.apply.result import ApplyResult
    from reconciler.errors import Problem
    from reconciler.history.config_diff import ConfigDiff
    from reconciler.person.memberships import PersonMemberships
    from reconciler.plan.file_format import SavedPlan
    from reconciler.report.dry_run import Call


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a result is to look: with full numbers or masked ones, with colours (text alone has any), for which command.

    `drift` is a plan that nobody means to apply.
    """

    show_phones: bool = False
    color: bool = False
    drift: bool = False


def plan_text(made: SavedPlan, look: RenderOptions) -> str:
    """A plan for a terminal."""
    from reconciler.report.plan_text import render_plan

    return render_plan(made.plan, show_phones=look.show_phones, color=look.color, drift=look.drift)


def _plan_json(made: SavedPlan, look: RenderOptions) -> str:
    from reconciler.plan.file_format import plan_document
    from reconciler.report.documents import mask_document
    from reconciler.sanitize.escape import json_text

    return json_text(mask_document(plan_document(made), look.show_phones))


def _plan_markdown(made: SavedPlan, look: RenderOptions) -> str:
    from reconciler.report.plan_markdown import render_plan_markdown

    said = f"reconciler {made.made_by}, {made.made_at}"
    return render_plan_markdown(made.plan, show_phones=look.show_phones, drift=look.drift, made=said)


def _dry_text(made: SavedPlan, calls: Sequence[Call], look: RenderOptions) -> str:
    """The calls alone: what they come of has been shown already."""
    from reconciler.report.dry_run import render_calls

    return render_calls(calls, show_phones=look.show_phones)


def _dry_json(made: SavedPlan, calls: Sequence[Call], look: RenderOptions) -> str:
    from reconciler.plan.file_format import plan_document
    from reconciler.report.documents import mask_document
    from reconciler.report.dry_run import calls_document
    from reconciler.sanitize.escape import json_text

    return json_text(mask_document({**plan_document(made), "calls": calls_document(calls)}, look.show_phones))


def _dry_markdown(made: SavedPlan, calls: Sequence[Call], look: RenderOptions) -> str:
    from reconciler.report.plan_markdown import render_plan_markdown

    said = f"reconciler {made.made_by}, {made.made_at}"
    return render_plan_markdown(made.plan, show_phones=look.show_phones, made=said, calls=calls)


def _plan_html(made: SavedPlan, look: RenderOptions) -> str:
    from reconciler.report.html.render import render_plan_html

    return render_plan_html(made, show_phones=look.show_phones, drift=look.drift)


def _result_text(result: ApplyResult, look: RenderOptions) -> str:
    from reconciler.report.result import render_result

    return render_result(result, show_phones=look.show_phones, color=look.color)


def _result_json(result: ApplyResult, look: RenderOptions) -> str:
    from reconciler.report.documents import mask_document, result_document
    from reconciler.sanitize.escape import json_text

    return json_text(mask_document(result_document(result), look.show_phones))


def _problems_text(problems: Sequence[Problem], verdict: str) -> str:
    from reconciler.report.problems import render_problems

    return "\n".join(part for part in (problems and render_problems(problems), verdict) if part)


def _problems_json(problems: Sequence[Problem], verdict: str) -> str:
    from reconciler.report.problems import problems_document
    from reconciler.sanitize.escape import json_text

    return json_text(problems_document(problems))


def _result_markdown(result: ApplyResult, look: RenderOptions) -> str:
    from reconciler.report.result import render_result_markdown

    return render_result_markdown(result, show_phones=look.show_phones)


def _problems_github(problems: Sequence[Problem], verdict: str) -> str:
    from reconciler.cli.repository import repository_relative
    from reconciler.report.problems import render_annotations

    return render_annotations(repository_relative(problems), verdict)


def _problems_sarif(problems: Sequence[Problem], verdict: str) -> str:
    from reconciler import __version__
    from reconciler.cli.repository import repository_relative
    from reconciler.report.problems import sarif_document
    from reconciler.sanitize.escape import json_text

    return json_text(sarif_document(repository_relative(problems), __version__))


def _who_text(found: PersonMemberships, look: RenderOptions) -> str:
    from reconciler.report.person import render_person

    return render_person(found, show_phones=look.show_phones, color=look.color)


def _who_json(found: PersonMemberships, look: RenderOptions) -> str:
    from reconciler.report.documents import mask_document
    from reconciler.report.person import person_document
    from reconciler.sanitize.escape import json_text

    return json_text(mask_document(person_document(found), look.show_phones))


def _difference_text(difference: ConfigDiff, look: RenderOptions) -> str:
    from reconciler.report.config_diff import render_config_diff

    return render_config_diff(difference, show_phones=look.show_phones, color=look.color)


def _difference_json(difference: ConfigDiff, look: RenderOptions) -> str:
    from reconciler.report.config_diff import config_diff_document
    from reconciler.report.documents import mask_document
    from reconciler.sanitize.escape import json_text

    return json_text(mask_document(config_diff_document(difference), look.show_phones))


def _difference_markdown(difference: ConfigDiff, look: RenderOptions) -> str:
    from reconciler.report.config_diff import render_config_diff_markdown

    return render_config_diff_markdown(difference, show_phones=look.show_phones)


PLAN_FORMATS: Mapping[str, Callable[[SavedPlan, RenderOptions], str]] = {
    "text": plan_text,
    "json": _plan_json,
    "markdown": _plan_markdown,
    "html": _plan_html,
}
"""For `plan`, `drift`, `show`."""


RESULT_FORMATS: Mapping[str, Callable[[ApplyResult, RenderOptions], str]] = {
    "text": _result_text,
    "json": _result_json,
    "markdown": _result_markdown,
}
"""For `apply`."""


DRY_RUN_FORMATS: Mapping[str, Callable[[SavedPlan, Sequence[Call], RenderOptions], str]] = {
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


WHO_FORMATS: Mapping[str, Callable[[PersonMemberships, RenderOptions], str]] = {
    "text": _who_text,
    "json": _who_json,
}
"""For `who`."""


DIFFERENCE_FORMATS: Mapping[str, Callable[[ConfigDiff, RenderOptions], str]] = {
    "text": _difference_text,
    "json": _difference_json,
    "markdown": _difference_markdown,
}
"""For `diff`."""
