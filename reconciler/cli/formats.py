"""Which formats a result has, and what renders each: one entry per format.

The keys are the choices of a command's `--format`, so this module must import quickly: a renderer is imported when it
is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from reconciler.report.options import RenderOptions

Renderer: TypeAlias = "Callable[[Any, RenderOptions], str]"
Formats: TypeAlias = Mapping[str, Renderer]


def _formats(**targets: str) -> Formats:
    return {name: _lazy(target) for name, target in targets.items()}


def _lazy(target: str) -> Renderer:
    """Return a function that imports `module:function` of `reconciler.report` when it is called."""
    module, _, function = target.partition(":")

    def render(value: Any, options: RenderOptions) -> str:
        text: str = getattr(import_module(f"reconciler.report.{module}"), function)(value, options)
        return text

    return render


PLAN_FORMATS: Final = _formats(
    text="text:render_plan",
    json="documents:render_plan_json",
    markdown="markdown:render_plan_markdown",
    html="html.render:render_plan_html",
)
"""Of a `SavedPlan`, for `plan`, `drift` and `show`."""

RESULT_FORMATS: Final = _formats(
    text="text:render_result",
    json="documents:render_result_json",
    markdown="markdown:render_result_markdown",
)
"""Of an `ApplyResult`, for `apply`."""

DRY_RUN_FORMATS: Final = _formats(
    text="text:render_calls",
    json="documents:render_dry_run_json",
    markdown="markdown:render_dry_run_markdown",
)
"""Of a `DryRun`, for `apply --dry-run`: the formats of `apply`. The text has the calls alone, below the plan."""

PROBLEM_FORMATS: Final = _formats(
    text="problems:render_validation",
    json="problems:render_validation_json",
    github="problems:render_annotations",
    sarif="problems:render_sarif",
)
"""Of a `Validation`, for `validate` and `test`."""

REPOSITORY_FORMATS: Final = frozenset({"github", "sarif"})
"""Formats of problems in which a file's path is the one in the repository."""

WHO_FORMATS: Final = _formats(text="person:render_person", json="person:render_person_json")
"""Of a person's memberships, for `who`."""

PEOPLE_FORMATS: Final = _formats(
    text="people_list:render_people",
    json="people_list:render_people_json",
    csv="people_list:render_people_csv",
)
"""Of a `PeopleList`, for `people`."""

DOCTOR_FORMATS: Final = _formats(text="doctor:render_examination", json="doctor:render_examination_json")
"""Of an `Examination`, for `doctor`."""

DIFFERENCE_FORMATS: Final = _formats(
    text="config_diff:render_config_diff",
    json="config_diff:render_config_diff_json",
    markdown="config_diff:render_config_diff_markdown",
)
"""Of a `ConfigDiff`, for `diff`."""

HISTORY_FORMATS: Final = _formats(
    text="history:render_history",
    json="history:render_history_json",
    markdown="history:render_history_markdown",
    csv="history:render_history_csv",
)
"""Of a `Timeline`, for `history`."""

MEMBERS_FORMATS: Final = _formats(
    text="members_on_day:render_members",
    json="members_on_day:render_members_json",
    markdown="members_on_day:render_members_markdown",
    csv="members_on_day:render_members_csv",
)
"""Of a `MembersOnDay`, for `history --at`: the formats of `history`."""

REVIEW_FORMATS: Final = _formats(
    text="review:render_review",
    json="review:render_review_json",
    markdown="review:render_review_markdown",
    csv="review:render_review_csv",
)
"""Of a `Review`, for `review`."""

ALL_FORMATS: Final = frozenset[str]().union(
    PLAN_FORMATS,
    RESULT_FORMATS,
    DRY_RUN_FORMATS,
    PROBLEM_FORMATS,
    WHO_FORMATS,
    PEOPLE_FORMATS,
    DOCTOR_FORMATS,
    DIFFERENCE_FORMATS,
    HISTORY_FORMATS,
    MEMBERS_FORMATS,
    REVIEW_FORMATS,
)
"""Every format that some command has."""
