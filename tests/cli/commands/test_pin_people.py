"""`reconciler pin --people`: whole runs against the embedded server, in both dialects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.live.fetch import read_groups
from reconciler.model.live import ReadGroup
from reconciler.sandbox import Dialect, Settings
from tests.stage import PHONE, Stage, stage_with

ALICE, BOB, CAROL, DAVE = "+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0145", "+1 303 555 0146"
LIDS = {ALICE: "76699677012110@lid", BOB: "76699677012111@lid", CAROL: "76699677012112@lid", DAVE: "76699677012113@lid"}
FILE = """
people:
  # the board
  alice: {{phone: +1 202 555 0143, name: Alice Moreno}}   # chair
  bob: '+1 202 555 0144'
  carol:
    phone: +1 303 555 0145
    name: Carol Diaz
groups:
  alpha: {{id: {alpha}, members: [alice, bob]}}
  beta: {{id: {beta}, members: [carol, alice]}}
"""


@pytest.fixture(params=["guide", "reference"])
def stage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    """An empty world, in one dialect after the other."""
    with stage_with(Settings(Dialect(request.param), rate_limit=10_000), tmp_path, monkeypatch, capsys) as stage:
        yield stage


def world(stage: Stage) -> Path:
    """Two groups of the file and one that is not in it; everybody shows both but Carol, who shows her number alone."""
    for phone in (ALICE, BOB, DAVE):
        stage.world.set_account(phone, lid=LIDS[phone], shows="lid_with_phone")
    ids = {
        "alpha": stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE),
        "beta": stage.world.create_group("Beta", [CAROL, ALICE], owner=PHONE),
    }
    stage.world.create_group("Not in the file", [DAVE], owner=PHONE)
    stage.world.clear_logs()
    return stage.file(FILE.format(**ids))


def test_the_lids_of_people_who_show_them_are_noted_byte_for_byte(stage: Stage) -> None:
    path = world(stage)
    before = path.read_bytes()
    ran = stage.run("pin", "--people")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Nothing to pin: every live group has its id in the file.\n"
        f"noted alice: {LIDS[ALICE]}\nnoted bob: {LIDS[BOB]}\n"
        "noted the LID of 2 of 3 people; 1 shows none in a live group\n"
    )
    expected = before.replace(b"555 0143, name", f"555 0143, lid: {LIDS[ALICE]}, name".encode())
    expected = expected.replace(b"'+1 202 555 0144'", f"{{phone: '+1 202 555 0144', lid: {LIDS[BOB]}}}".encode())
    assert path.read_bytes() == expected
    again = stage.run("pin", "--people")
    assert (again.code, again.err) == (0, "")
    assert again.out.endswith("\nNo LID to note: of 3 people, 2 have theirs already, 1 shows none in a live group\n")
    assert path.read_bytes() == expected


def test_only_the_groups_of_the_file_are_read_and_only_where_the_list_does_not_tell(stage: Stage) -> None:
    world(stage)
    stage.run("pin", "--people", "--parallelism", "1")
    calls = stage.calls()
    assert len(calls) == (3 if stage.server.settings.dialect is Dialect.GUIDE else 1)
    assert all(call.startswith("GET ") for call in calls)


def test_a_plan_after_it_finds_nothing_to_do(stage: Stage) -> None:
    world(stage)
    assert "No changes" in stage.run("plan").out
    assert stage.run("pin", "--people").code == 0
    ran = stage.run("plan", "--detailed-exitcode")
    assert (ran.code, "No changes" in ran.out) == (0, True)


def test_a_noted_lid_tells_who_somebody_is_when_the_number_is_hidden(stage: Stage) -> None:
    world(stage)

    def plan_when_they_show(what: str) -> int:
        for phone in (ALICE, BOB):
            stage.world.set_account(phone, lid=LIDS[phone], shows=what)
        return stage.run("plan", "--detailed-exitcode").code

    assert plan_when_they_show("lid") == 2, "nobody can say who they are"
    assert plan_when_they_show("lid_with_phone") == 0
    assert stage.run("pin", "--people").code == 0
    assert plan_when_they_show("lid") == 0


def test_a_dry_run_prints_what_would_be_noted_and_writes_nothing(stage: Stage) -> None:
    path = world(stage)
    before = path.read_bytes()
    ran = stage.run("pin", "--people", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(
        f"would note alice: {LIDS[ALICE]}\nwould note bob: {LIDS[BOB]}\n"
        "would note the LID of 2 of 3 people; 1 shows none in a live group\n"
    )
    assert path.read_bytes() == before


def test_target_narrows_what_is_read_and_pinned(stage: Stage) -> None:
    world(stage)
    path = stage.file(
        "people: {alice: +1 202 555 0143, bob: +1 202 555 0144}\ngroups:\n  a: {name: Alpha}\n  b: {name: Beta}\n"
    )
    ran = stage.run("pin", "--people", "--target", "b", "--parallelism", "1")
    assert (ran.code, ran.err) == (0, "")
    assert len(stage.calls()) == (2 if stage.server.settings.dialect is Dialect.GUIDE else 1)
    assert "noted the LID of 1 of 2 people; 1 shows none in a live group\n" in ran.out
    text = path.read_text()
    assert f"alice: {{phone: +1 202 555 0143, lid: {LIDS[ALICE]}}}, bob: +1 202 555 0144" in text
    assert "  a: {name: Alpha}\n  b: {id: 12036" in text
    wrong = stage.run("pin", "--target", "c")
    assert (wrong.code, "--target: the configuration has no group c" in wrong.err) == (1, True)


def test_ids_and_lids_are_written_together(stage: Stage) -> None:
    world(stage)
    path = stage.file(
        "people:\n  alice: +1 202 555 0143\ngroups:\n  a: {name: Alpha, members: [alice]}\n  n: {name: New}\n"
    )
    ran = stage.run("pin", "--people")
    assert ran.code == 0
    assert "pinned a: 12036" in ran.out
    assert "noted the LID of 1 of 1 person\n" in ran.out
    assert "n: not pinned: no live group has its name" in ran.err
    assert f"alice: {{phone: +1 202 555 0143, lid: {LIDS[ALICE]}}}\ngroups:\n  a: {{id: 12036" in path.read_text()


def test_people_in_several_files_of_a_folder_are_noted_where_they_are(stage: Stage) -> None:
    world(stage)
    folder = stage.folder / "club"
    folder.mkdir()
    (folder / "main.yaml").write_text(
        (stage.folder / "groups.yaml").read_text().replace("  bob: '+1 202 555 0144'\n", "")
    )
    (folder / "more.yaml").write_text('{"people": {"bob": "+1 202 555 0144"}}', newline="")
    ran = stage.run("pin", "--people", "club")
    assert (ran.code, "noted the LID of 2 of 3 people" in ran.out) == (0, True)
    assert (folder / "more.yaml").read_text() == (
        f'{{"people": {{"bob": {{"phone": "+1 202 555 0144", "lid": "{LIDS[BOB]}"}}}}}}'
    )
    assert f"lid: {LIDS[ALICE]}, name: Alice" in (folder / "main.yaml").read_text()


def test_a_contradiction_is_a_masked_warning_and_changes_nothing(stage: Stage) -> None:
    world(stage)
    path = stage.file(
        f"people:\n  alice: {{phone: +1 202 555 0143, lid: {LIDS[CAROL]}}}\n"
        f"  dave: {{phone: +1 303 555 0146, lid: {LIDS[BOB]}}}\n  bob: +1 202 555 0144\n"
        "groups: {alpha: {name: Alpha, members: [alice, bob]}}\n"
    )
    assert stage.run("pin").code == 0
    before = path.read_bytes()
    ran = stage.run("pin", "--people")
    assert ran.code == 0
    assert ran.out.endswith("\nNo LID to note: of 3 people, 3 are unclear\n")
    where = "find out which is right, and correct `phone` or `lid` under `people`"
    assert ran.err.splitlines() == [
        f"alice: LID not noted: the file has {LIDS[CAROL]} beside +1 202 ••• ••43, but live groups show {LIDS[ALICE]} "
        f"with that number; {where}",
        f"bob: LID not noted: live groups show +1 202 ••• ••44 with {LIDS[BOB]}, which the file has beside `dave`, "
        f"+1 303 ••• ••46; {where}",
        f"dave: LID not noted: the file has {LIDS[BOB]} beside +1 303 ••• ••46, but live groups show +1 202 ••• ••44 "
        f"with that LID; {where}",
    ]
    assert path.read_bytes() == before


def test_somebody_whose_entry_cannot_be_edited_gets_the_line_to_write(stage: Stage) -> None:
    world(stage)
    path = stage.file(
        "people:\n  alice: |-\n    +1 202 555 0143\n  bob: +1 202 555 0144\n"
        "groups: {alpha: {name: Alpha, members: [bob]}}\n"
    )
    ran = stage.run("pin", "--people")
    assert ran.code == 0
    assert (
        "alice: LID not noted: groups.yaml: its text cannot be edited safely; "
        f"write `alice: {{phone: …, lid: {LIDS[ALICE]}}}` yourself, with the number that is there\n"
    ) in ran.err
    assert "noted the LID of 1 of 2 people; 1 has to be written by hand\n" in ran.out
    assert "  alice: |-\n    +1 202 555 0143\n  bob: {phone" in path.read_text()


def test_without_people_no_group_is_read(stage: Stage) -> None:
    world(stage)
    stage.file("groups: {alpha: {name: Alpha, members: [+1 202 555 0143]}}\n")
    ran = stage.run("pin", "--people")
    assert (ran.code, ran.out.endswith("\nNo LID to note: nobody is under `people`.\n")) == (0, True)
    assert stage.calls() == ["GET /groups"]


def test_a_file_that_changed_meanwhile_is_not_written(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    path = world(stage)
    swapped = path.read_bytes().replace(b"0143", b"0199").replace(b"0144", b"0143")

    def edit_while_reading(*arguments: Any, **options: Any) -> Mapping[str, ReadGroup]:
        path.write_bytes(swapped)
        return read_groups(*arguments, **options)

    monkeypatch.setattr("reconciler.engine.read_groups", edit_while_reading)
    ran = stage.run("pin", "--people")
    assert (ran.code, ran.out) == (1, "")
    assert "groups.yaml changed meanwhile, so nothing was written" in ran.err
    assert path.read_bytes() == swapped


def test_a_plan_that_was_saved_before_is_refused_after_it(stage: Stage) -> None:
    path = world(stage)
    path.write_text(path.read_text().replace("members: [alice, bob]", "name: Renamed, members: [alice, bob]"))
    assert stage.run("plan", "--out", "saved.plan").code == 0
    assert stage.run("pin", "--people").code == 0
    applied = stage.run("apply", "saved.plan", "--yes")
    assert (applied.code, stage.world.effects()) == (1, ())
    assert "groups.yaml" in applied.err
