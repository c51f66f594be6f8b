"""The top of the page: its title, where it is from, and the plan in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from reconciler.model.desired import Source
from reconciler.plan.model import Plan
from reconciler.plan.summary import summarize_plan
from reconciler.report.html.cards import Tone
from reconciler.report.style import TextStyle, first_n, plural
from reconciler.report.summary import format_duration, nothing_pending

_FILES = 5


class PlanSource(Protocol):
    """A plan and where it is from, as a plan file holds it."""

    @property
    def plan(self) -> Plan:
        """The plan."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files it was made from."""

    @property
    def made_by(self) -> str:
        """The version that made it."""

    @property
    def made_at(self) -> str:
        """When, as ISO-8601 in UTC."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at the top of the page and what it counts."""

    number: str
    label: str
    detail: str = ""
    tone: Tone = "plain"


def report_title(plan: Plan, drift: bool) -> str:
    """The main thing in a few words: how many groups change and how many cannot, or that apply would stop."""
    if plan.refusals:
        return "Apply would be refused"
    if not plan.has_changes:
        return nothing_pending(plan, drift=drift)
    moving = sum(bool(group.steps) for group in plan.groups)
    blocked = sum(bool(group.blocked) for group in plan.groups)
    differ = ("group differs from the file", "groups differ from the file")
    moves = plural(moving, *(differ if drift else ("group would change", "groups would change")))
    stays = plural(blocked, *(("is blocked", "are blocked") if moving else ("group is blocked", "groups are blocked")))
    return ", ".join(part for part, number in ((moves, moving), (stays, blocked)) if number)


def header_facts(made: PlanSource, ink: TextStyle) -> Sequence[tuple[str, str]]:
    """Where the page is from; the order is that of the page."""
    plan = made.plan
    files = first_n([source.path for source in made.sources], _FILES, ink.text)
    facts = [
        ("Instance", ink.text(plan.instance_id)),
        ("From", files),
        ("As of", plan.as_of.isoformat()),
        ("Made", f"{_moment(made.made_at, ink)} by reconciler {ink.text(made.made_by)}"),
    ]
    return [(label, text) for label, text in facts if text]


def _moment(written: str, ink: TextStyle) -> str:
    """`2026-11-21 12:00 UTC`; what is no point in time, or lacks its offset from UTC, is shown as it is."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return ink.text(written)


def count_tiles(plan: Plan) -> Sequence[Tile]:
    """The numbers at the top; what is rare (joining, leaving, adopting) only where there is any."""
    count = summarize_plan(plan)
    rare = [
        Tile(str(count.joins), "to join", tone="add"),
        Tile(str(count.leaves), "to leave", tone="remove"),
        Tile(str(count.adopts), "to adopt", "found by name", "note"),
    ]
    return [
        Tile(f"{len(plan.groups):,}", "group" if len(plan.groups) == 1 else "groups", _alike(plan)),
        Tile(f"{count.creates:,}", "to create", tone="add"),
        Tile(f"{count.changes:,}", "to change", tone="change"),
        *(tile for tile in rare if tile.number != "0"),
        Tile(f"{count.adds:,}", "person to add" if count.adds == 1 else "people to add", tone="add"),
        Tile(f"{count.removes:,}", "person to remove" if count.removes == 1 else "people to remove", tone="remove"),
        Tile(str(count.blocked), "blocked", tone="stop"),
        Tile(str(count.refusals), "refused", tone="stop"),
        Tile(f"{count.calls:,}", "call" if count.calls == 1 else "calls", format_duration(count.seconds)),
    ]


def _alike(plan: Plan) -> str:
    observed = sum(group.observe_only for group in plan.groups)
    alike = summarize_plan(plan).unchanged - observed
    return f"{alike:,} as the file says" + (f", {observed:,} only observed" if observed else "")
