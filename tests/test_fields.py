"""Every field of a group goes through every stage: a field that is added to the model fails here until it does, too.

One case a field: the same group before and after a change of this field alone. The group is live as it was before; then
each stage is asked about the change. A field has no case only with a reason.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.group_executor import fields_that_differ
from reconciler.cli.first_state import seed_of
from reconciler.cli.formats import PLAN_FORMATS
from reconciler.config import load
from reconciler.diff.compare import needs_read
from reconciler.diff.match import match_groups
from reconciler.history.drift_causes import with_drift_causes
from reconciler.model.desired import Desired, DesiredGroup
from reconciler.model.live import ListedGroup, LiveGroup
from reconciler.model.text import TEXT_FIELDS, Untrusted
from reconciler.plan.file_reader import read_plan_document
from reconciler.plan.model import Action, Phase, Plan, Step
from reconciler.plan.revision import AppliedRevision, DriftCause, DriftItem
from reconciler.plan.staleness import live_changes
from reconciler.sandbox import Fault, FaultKind, Settings, add_seed
from tests.builders import ALICE, ALPHA_ID, BOB, desired, group, listed, live, participant, plan_for
from tests.docs.pages import DOCS
from tests.stage import INSTANCE, PHONE, Stage, stage_with


@dataclass(frozen=True)
class Case:
    """A change of one field: the group's lines in the file before and after, and what a report says of it.

    `write` is the call that an apply makes (None: the API cannot change it, so that a plan only advises), and `sends`
    is in this call's body or path. `not_imported` is the reason why `import` does not write the field.
    """

    before: str
    after: str
    word: str
    write: tuple[str, str] | None = None
    sends: str = ""
    not_imported: str = ""


PATCH, LEAVE = ("PATCH", "/groups/*"), ("POST", "/groups/*/leave")
ADD, REMOVE = ("POST", "/groups/*/participants"), ("DELETE", "/groups/*/participants")
NAMED = "name: Alpha"
BEN = "12025550144@s.whatsapp.net"
CASES = {
    "name": Case(NAMED, "name: Beta", "Beta", PATCH, '"name": "Beta"'),
    "description": Case(
        f"{NAMED}\ndescription: Old", f"{NAMED}\ndescription: New", "New", PATCH, '"description": "New"'
    ),
    "members": Case(f"{NAMED}\nmembers: [ana]", f"{NAMED}\nmembers: [ana, ben]", "ben", ADD, BEN),
    "expired": Case(
        f"{NAMED}\nmembers: [ana, ben]",
        f"{NAMED}\nmembers: [ana, {{person: ben, until: 2020-01-31}}]",
        "ben",
        REMOVE,
        BEN,
        "a live group has no last days",
    ),
    "absent": Case(
        f"{NAMED}\nmembership: additive\nmembers: [ana, ben]",
        f"{NAMED}\nmembership: additive\nmembers: [ana]\nabsent: [ben]",
        "ben",
        REMOVE,
        BEN,
        "a live group knows nobody who must not be in it",
    ),
    "excepted": Case(
        f"{NAMED}\nteams: [both]",
        f"{NAMED}\nteams: [both]\nexcept: [ben]",
        "ben",
        REMOVE,
        BEN,
        "a live group has no teams",
    ),
    "admins": Case(
        f"{NAMED}\nmembers: [ana, ben]\nadmins: [ana]", f"{NAMED}\nmembers: [ana, ben]\nadmins: [ana, ben]", "ben"
    ),
    "state": Case(NAMED, f"{NAMED}\nstate: left", "leave", LEAVE, "leave", "the account is in every group it can read"),
}
WITHOUT_CASE = {
    "key": "the handle on the command line; it is not compared with anything live",
    "id": "finds the live group; it is not compared with it",
    "previously": "finds the live group; it is not compared with it",
    "membership": "decides who is removed; nothing of a live group corresponds to it",
    "invite": "how the account enters a group that it is not in; nothing of a live group corresponds to it",
    "lookalikes": "lifts a guard of the plan; nothing of a live group corresponds to it",
    "priority": "which groups come first within a budget; nothing of a live group corresponds to it",
    "max_removals": "a guard of the plan; nothing of a live group corresponds to it",
}
KEYS = {"excepted": "except"}
"""Fields that have another name in the file."""
WRITABLE = [name for name, case in CASES.items() if case.write is not None]
BASELINE = AppliedRevision("applied/main", "f" * 40)


def without_case(group_type: type) -> set[str]:
    """The fields that nobody has thought about."""
    return {field.name for field in fields(group_type)} - CASES.keys() - WITHOUT_CASE.keys()


def test_every_field_of_a_group_has_a_case_or_a_reason() -> None:
    assert without_case(DesiredGroup) == set()
    assert {*CASES, *WITHOUT_CASE} == {field.name for field in fields(DesiredGroup)}


@dataclass(frozen=True, kw_only=True)
class LaterGroup(DesiredGroup):
    """A group as a later version may have it."""

    announce_only: bool = False


def test_a_field_that_is_new_to_the_model_is_one_that_has_no_case() -> None:
    assert without_case(LaterGroup) == {"announce_only"}


# --- the stages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    with stage_with(Settings(rate_limit=10_000), tmp_path, monkeypatch, capsys) as running:
        yield running


def written(stage: Stage, lines: str, name: str = "groups.yaml") -> Desired:
    """Write a configuration of one group, and load it."""
    people = "people: {ana: +1 202 555 0143, ben: +1 202 555 0144}\nteams: {both: [ana, ben]}\n"
    own = textwrap.indent(f"id: {ALPHA_ID}\n{lines}\n", "    ")
    path = stage.file(f"{people}groups:\n  alpha:\n{own}", name)
    return load(path, as_of=datetime.now(UTC).date())


def changed(stage: Stage, field: str) -> tuple[Desired, Desired]:
    """Make the group live as it was before, and write the file as it is after; the two configurations."""
    before = written(stage, CASES[field].before, "before.yaml")
    add_seed(stage.world, seed_of(before, INSTANCE), "before")
    return before, written(stage, CASES[field].after)


def saved_plan(stage: Stage) -> Plan:
    """The plan of the file, after it was saved and read again."""
    assert stage.run("plan", "--out", "new.plan").code == 0
    return read_plan_document(json.loads((stage.folder / "new.plan").read_text())).plan


@pytest.mark.parametrize("field", CASES)
def test_the_case_changes_this_field(stage: Stage, field: str) -> None:
    (before,), (after,) = (version.groups for version in changed(stage, field))
    assert getattr(before, field) != getattr(after, field)
    assert stage.run("plan", "--detailed-exitcode", "before.yaml").code == 0


@pytest.mark.parametrize("format_", PLAN_FORMATS)
@pytest.mark.parametrize("field", CASES)
def test_every_format_of_a_plan_shows_the_change(stage: Stage, field: str, format_: str) -> None:
    changed(stage, field)
    planned = stage.run("plan", "--format", format_, "--detailed-exitcode")
    assert planned.code == (2 if field in WRITABLE else 0)
    assert CASES[field].word in planned.out


@pytest.mark.parametrize("field", WRITABLE)
def test_a_saved_plan_is_applied_as_the_dry_run_shows_it_and_nothing_is_left(stage: Stage, field: str) -> None:
    changed(stage, field)
    assert CASES[field].sends in stage.run("apply", "--dry-run", "--show-phones").out
    saved_plan(stage)
    applied = stage.run("apply", "new.plan", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert CASES[field].word in applied.out or field == "state"  # "left"
    assert stage.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("field", WRITABLE)
def test_an_apply_notices_that_the_server_changed_nothing(stage: Stage, field: str) -> None:
    changed(stage, field)
    method, path = CASES[field].write or ("", "")
    stage.server.set_faults([Fault(FaultKind.GARBAGE, method, path, times=0, effect=False)])
    assert stage.run("apply", "--yes").code == 3


@pytest.mark.parametrize("field", WRITABLE)
def test_drift_has_a_cause_for_each_difference_and_judges_it_by_this_field(stage: Stage, field: str) -> None:
    before, after = changed(stage, field)
    plan = saved_plan(stage)
    names = {ALPHA_ID: Untrusted("Alpha")}
    for applied, cause in ((before, DriftCause.NOT_APPLIED), (after, DriftCause.MANUAL)):
        (judged,) = with_drift_causes(plan, applied, after, names, BASELINE).groups
        differences = len(judged.field_changes) + len(judged.add) + len(judged.remove) + (field == "state")
        assert differences == 1
        # Somebody whose last day has passed may not be removed yet, so nobody is to blame.
        expected = DriftCause.NOT_APPLIED if field == "expired" else cause
        assert [one.cause for one in judged.drift_causes] == [expected]


@pytest.mark.parametrize("field", [name for name, case in CASES.items() if not case.not_imported])
def test_import_writes_the_field_as_it_is_live(stage: Stage, field: str) -> None:
    add_seed(stage.world, seed_of(written(stage, CASES[field].after), INSTANCE), "after")
    imported = stage.run("import", "--instance-id", INSTANCE, "--phone", PHONE, "--output", "imported.yaml")
    assert imported.code == 0, imported.err
    (wanted,) = load(stage.folder / "groups.yaml", as_of=datetime.now(UTC).date()).groups
    (written_by_import,) = load(stage.folder / "imported.yaml", as_of=datetime.now(UTC).date()).groups
    ours, theirs = getattr(wanted, field), getattr(written_by_import, field)
    assert (theirs.keys() == ours.keys()) if isinstance(ours, dict) else (theirs == ours)


@pytest.mark.parametrize("field", CASES)
def test_diff_names_the_change(stage: Stage, field: str) -> None:
    changed(stage, field)
    compared = stage.run("diff", "before.yaml", "groups.yaml").out
    assert "No differences" not in compared
    assert ("left" if field == "state" else CASES[field].word) in compared


@pytest.mark.parametrize("field", [name for name in CASES if name != "state"])
def test_a_group_is_read_whole_if_its_list_entry_may_hide_a_change(stage: Stage, field: str) -> None:
    _, after = changed(stage, field)
    (match,) = match_groups(after.groups, [ListedGroup(id=ALPHA_ID, name=Untrusted("Alpha"))]).values()
    assert needs_read(match)


@pytest.mark.parametrize("field", [name for name in CASES if name != "expired"])
def test_the_reference_explains_the_key(field: str) -> None:
    assert f"`{KEYS.get(field, field)}`" in (DOCS / "file.md").read_text(encoding="utf-8")


# --- what was live when a plan was made ----------------------------------------------------------------------------

LIVE = live(ALICE, name="Alpha", description="Old")
LIVE_CHANGES = {
    "name": replace(LIVE, name=Untrusted("Beta")),
    "description": replace(LIVE, description=Untrusted("New")),
    "participants": live(ALICE, participant(BOB), description="Old"),
    "owner": replace(LIVE, owner=ALICE.identity),
}
NOT_LIVE_CHANGES = {
    "id": "finds the group",
    "count": "of the list; the participants themselves are compared",
}


@pytest.mark.parametrize("field", [field.name for field in fields(LiveGroup) if field.name not in NOT_LIVE_CHANGES])
def test_a_plan_is_stale_if_this_field_of_its_live_group_has_changed(field: str) -> None:
    plan = plan_for(desired(group(name="Gamma", members=[ALICE])), LIVE)
    now = LIVE_CHANGES[field]
    assert getattr(now, field) != getattr(LIVE, field)
    assert live_changes(plan, [listed(LIVE)], {ALPHA_ID: LIVE}) == ()
    assert live_changes(plan, [listed(now)], {ALPHA_ID: now}) != ()


# --- the table of texts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_a_text_has_its_place_in_every_value_and_a_message_of_its_own(field: str) -> None:
    assert all(field in {each.name for each in fields(kind)} for kind in (DesiredGroup, LiveGroup, ListedGroup, Step))
    assert DriftItem(field).value == field
    texts: dict[str, Any] = {field: "sent"}
    step = Step(group="alpha", action=Action.PATCH, phase=Phase.BUILD, **texts)
    assert step.texts == {field: "sent"}
    assert [message.code for message in fields_that_differ(step, LIVE)] == [f"{field}-differs"]
