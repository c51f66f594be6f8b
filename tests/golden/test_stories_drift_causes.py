"""`drift --since`: manual changes and unapplied configuration changes are distinguished."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from reconciler.json_schemas import schema_text
from tests.repository import Repository
from tests.stage import INSTANCE, PHONE, Stage

BOB, CAROL = "+1 202 555 0144", "+1 303 555 0101"
HEAD = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\n"
PEOPLE = f"people: {{alice: +1 202 555 0143, bob: {BOB}, carol: {CAROL}}}\n"
FILE = (
    HEAD
    + PEOPLE
    + (
        "groups:\n"
        "  alpha: {name: Alpha, description: Text, members: [alice, bob]}\n"
        "  beta: {name: Beta, members: [alice]}\n"
    )
)


@pytest.fixture
def repository(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A file that was committed and applied."""
    made = Repository(guide.folder, monkeypatch)
    made.write({".gitignore": "state/\n"})
    made.commit({"groups.yaml": FILE})
    assert guide.run("apply", "--yes").code == 0
    assert guide.run("pin").code == 0
    made.commit()
    return made


def live_id(stage: Stage, name: str) -> str:
    """The id of the one live group of this name."""
    (found,) = [group_id for group_id, live in stage.world.snapshot().items() if live["name"] == name]
    return found


@pytest.fixture
def drifted(guide: Stage, repository: Repository) -> Stage:
    """Since then the description changed on both sides, bob went and carol came by hand, the file renames beta."""
    alpha = live_id(guide, "Alpha")
    guide.world.describe_group(alpha, "by hand")
    guide.world.remove_participant(alpha, BOB)
    guide.world.add_participant(alpha, CAROL)
    text = (guide.folder / "groups.yaml").read_text()
    text = text.replace("description: Text", "description: New").replace("name: Beta", "name: Better")
    repository.write({"groups.yaml": text + "  gamma: {name: Gamma, members: [alice]}\n"})
    return guide


def test_each_difference_shows_its_cause(drifted: Stage) -> None:
    told = drifted.run("drift", "--since", "HEAD", "--max-removals", "2")

    assert told.code == 2
    lines = [line.strip() for line in told.out.splitlines()]
    assert '~ description  "by hand" → "New"  (changed manually and in the configuration)' in lines
    assert "+ bob  (changed manually)" in lines
    assert "- carol  (changed manually)" in lines
    assert '~ name         "Beta" → "Better"  (not applied yet)' in lines
    assert "+ create the group  (not applied yet)" in lines
    held = next(line for line in lines if line.startswith("Compared with HEAD (commit "))
    assert held.endswith("): 2 changed manually, 2 not applied yet, 1 changed manually and in the configuration.")


NEVER_TOOK = "Changes that an earlier apply could not make also count as changed manually"


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_a_group_that_was_always_blocked_may_not_be_a_manual_change(
    guide: Stage, repository: Repository, format_: str
) -> None:
    others = guide.world.create_group("Theirs", [PHONE], owner=CAROL)
    text = (guide.folder / "groups.yaml").read_text()
    repository.commit({"groups.yaml": text + f"  theirs: {{id: {others}, name: Ours}}\n"})
    assert guide.run("apply", "--yes").code == 3

    told = guide.run("drift", "--since", "HEAD", "--format", format_).out
    assert "changed manually" in told
    assert NEVER_TOOK in told


def test_without_manual_changes_there_is_no_note_about_them(guide: Stage, repository: Repository) -> None:
    text = (guide.folder / "groups.yaml").read_text()
    repository.write({"groups.yaml": text + "  gamma: {name: Gamma, members: [alice]}\n"})

    told = guide.run("drift", "--since", "HEAD")
    assert "1 not applied yet." in told.out
    assert NEVER_TOOK not in told.out


def test_the_document_has_the_causes_and_is_valid_by_its_schema(drifted: Stage, repository: Repository) -> None:
    document = json.loads(drifted.run("drift", "--since", "HEAD", "--format", "json", "--show-phones").out)

    jsonschema.Draft202012Validator(json.loads(schema_text("plan.schema.json"))).validate(document)
    assert document["baseline"] == {"ref": "HEAD", "commit": repository.git("rev-parse", "HEAD")}
    found = {group["key"]: group["drift_causes"] for group in document["groups"]}
    (added,) = next(group["add"] for group in document["groups"] if group["key"] == "alpha")
    expected = {"item": "add", "cause": "changed manually", "person": "+12025550144", "ref_id": added["ref_id"]}
    assert expected in found["alpha"]
    assert {"item": "description", "cause": "both", "person": None} in found["alpha"]
    assert found["gamma"] == [{"item": "group", "cause": "not applied yet", "person": None}]
    masked = drifted.run("drift", "--since", "HEAD", "--format", "json").out
    assert "2025550144" not in masked


def test_every_format_names_the_revision(drifted: Stage) -> None:
    markdown = drifted.run("drift", "--since", "HEAD", "--format", "markdown").out
    page = drifted.run("drift", "--since", "HEAD", "--format", "html").out

    assert "+ bob  (changed manually)" in markdown
    assert "<bdi>bob</bdi> <bdi>changed manually</bdi>" in page
    assert "changed manually and in the configuration" in page
    assert "Create the group (not applied yet)." in page
    for told in (markdown, page):
        assert "Compared with HEAD (commit" in told


def test_without_since_the_newest_applied_tag_is_used_and_named(drifted: Stage, repository: Repository) -> None:
    repository.git("tag", "applied/2026-06-15")

    told = drifted.run("drift")
    assert "Compared with applied/2026-06-15 (commit " in told.out
    assert "comparing with applied/2026-06-15 (commit " in told.err
    assert "override with --since" in told.err
    assert drifted.run("drift", "-q").err == ""
    repository.commit()
    repository.git("tag", "applied/2026-06-16")
    assert "description" in drifted.run("drift", "--since", "applied/2026-06-15").out


def test_without_a_tag_or_a_repository_there_are_no_causes(drifted: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    told = drifted.run("drift")
    assert "by hand)" not in told.out
    assert "Compared with" not in told.out
    assert json.loads(drifted.run("drift", "--format", "json").out)["baseline"] is None
    monkeypatch.setenv("PATH", "")
    assert drifted.run("drift").out == told.out


def test_a_revision_that_does_not_exist_is_an_error_before_any_call(drifted: Stage) -> None:
    drifted.calls()
    told = drifted.run("drift", "--since", "nowhere")

    assert told.code == 1
    assert "has no revision nowhere" in told.err
    assert drifted.calls() == []


def test_an_invalid_revision_shows_drift_without_causes_and_warns(drifted: Stage, repository: Repository) -> None:
    text = (drifted.folder / "groups.yaml").read_text()
    repository.commit({"groups.yaml": FILE.replace("members", "membres")})
    repository.write({"groups.yaml": text})

    told = drifted.run("drift", "--since", "HEAD")
    assert told.code == 2
    assert "drift is shown without causes: groups.yaml is not valid in HEAD (HEAD:groups.yaml:5:" in told.err
    assert "Compared with" not in told.out


def test_a_revision_without_the_file_has_applied_nothing(drifted: Stage, repository: Repository) -> None:
    (drifted.folder / "groups.yaml").rename(drifted.folder / "other.yaml")

    told = drifted.run("drift", "other.yaml", "--since", "HEAD")
    assert "HEAD does not have other.yaml" in told.err
    assert "changed manually" not in told.out
    assert "not applied yet" in told.out


def test_no_drift_names_the_revision_too(guide: Stage, repository: Repository) -> None:
    told = guide.run("drift", "--since", "HEAD")

    assert told.code == 0
    assert "no differences." in told.out
    nothing = guide.run("drift", "--since", "HEAD", "--changed-since", "HEAD")
    assert nothing.code == 0
    assert "no differences." in nothing.out


def test_a_drift_report_cannot_be_applied(drifted: Stage) -> None:
    for edit, said in ((lambda d: d, "report on drift"), (lambda d: {**d, "baseline": None}, "no drift causes")):
        document = json.loads(drifted.run("drift", "--since", "HEAD", "--format", "json", "--show-phones").out)
        saved: Path = drifted.folder / "saved.plan"
        saved.write_text(json.dumps(edit(document), indent=2))
        applied = drifted.run("apply", "saved.plan", "--yes")
        assert applied.code == 1
        assert said in applied.err


def test_a_renamed_key_without_an_id_keeps_its_causes(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(guide.folder, monkeypatch)
    repository.commit({".gitignore": "state/\n", "groups.yaml": FILE})
    assert guide.run("apply", "--yes").code == 0
    alpha = live_id(guide, "Alpha")
    guide.world.describe_group(alpha, "by hand")
    guide.world.remove_participant(alpha, BOB)
    repository.write({"groups.yaml": FILE.replace("  alpha: {name: Alpha,", "  omega: {name: Alpha,")})

    told = guide.run("drift", "--since", "HEAD")
    assert "+ bob  (changed manually)" in told.out
    assert '"by hand" → "Text"  (changed manually)' in told.out
    assert "not applied yet" not in told.out


def test_a_key_that_matches_another_live_group_has_no_manual_changes(guide: Stage, repository: Repository) -> None:
    other = guide.world.create_group("Zulu", [BOB, PHONE], admins=[PHONE])
    text = (guide.folder / "groups.yaml").read_text().replace(live_id(guide, "Beta"), other)
    repository.write({"groups.yaml": text})

    told = guide.run("drift", "--since", "HEAD", "--max-removals", "100%")
    assert '~ name         "Zulu" → "Beta"  (not applied yet)' in told.out
    assert "- bob  (not applied yet)" in told.out
    assert "by hand" not in told.out


def test_people_who_were_deleted_or_have_a_new_number_are_named_from_the_applied_revision(
    guide: Stage, repository: Repository
) -> None:
    named = FILE.replace(f"bob: {BOB}", f"bob: {{phone: {BOB}, name: Bob Marsh}}")
    repository.commit({"groups.yaml": named})
    repository.write({"groups.yaml": named.replace(BOB, "+1 202 555 0149")})
    line = "  ~ Bob Marsh (bob): new number, +1 202 ••• ••44 → +1 202 ••• ••49  (not applied yet)"
    assert line in guide.run("drift", "--since", "HEAD").out.splitlines()

    deleted = named.replace(f", bob: {{phone: {BOB}, name: Bob Marsh}}", "").replace("[alice, bob]", "[alice]")
    repository.write({"groups.yaml": deleted})
    assert "  - Bob Marsh (bob)  (not applied yet)" in guide.run("drift", "--since", "HEAD").out.splitlines()
    (group,) = [
        g for g in json.loads(guide.run("drift", "--since", "HEAD", "--format", "json").out)["groups"] if g["remove"]
    ]
    assert [person["name"] for person in group["remove"]] == ["Bob Marsh"]
