"""A roster that lost people throws nobody out by mistake: what plan, drift, apply and saved plans do about it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from reconciler.json_schemas import schema_text
from tests.repository import Repository
from tests.stage import INSTANCE, PHONE, Stage

SOURCE = "{csv: roster.csv, id: id, phone: mobile, teams: [class], team_prefix: class-, where: {status: active}}"
GROUPS = """\
groups:
  five: {name: Five, teams: [class-5]}
  six: {name: Six, teams: [class-6]}
  staff: {name: Staff, members: [tutor, '+1 202 555 0171']}
"""
YAML = (
    f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\npolicy: {{max_removals: 100%}}\n"
    f"people: {{tutor: +1 202 555 0170}}\nsources:\n  - {SOURCE}\n{GROUPS}"
)
HEAD = "id,mobile,class,status\n"


def row(number: int, class_: int = 5, status: str = "active") -> str:
    """A pupil of a class, with a number of their own."""
    return f"p{number},+1 202 555 01{number},{class_},{status}\n"


FIVE, SIX = [row(number) for number in range(10, 18)], [row(number, 6) for number in range(20, 28)]
FULL, HALF = HEAD + "".join(FIVE + SIX), HEAD + "".join(FIVE[:4] + SIX[:4])
PEOPLE = 18


@pytest.fixture
def repository(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A roster that was committed and applied; its tag is not set yet."""
    made = Repository(guide.folder, monkeypatch)
    made.write({".gitignore": "state/\n*.plan\n"})
    made.commit({"groups.yaml": YAML, "roster.csv": FULL})
    assert guide.run("apply", "--yes").code == 0
    assert guide.run("pin").code == 0
    made.commit()
    return made


@pytest.fixture
def tagged(repository: Repository) -> Repository:
    """The same, with the tag of what was applied."""
    repository.git("tag", "applied/main")
    return repository


def there(stage: Stage) -> int:
    """How many memberships there are, without the account's."""
    return sum(len(stage.members(name)) - 1 for name in ("Five", "Six", "Staff"))


def yaml(folder: Path, old: str = "", new: str = "") -> str:
    """The pinned file with one change."""
    text = (folder / "groups.yaml").read_text()
    assert old in text
    return text.replace(old, new, 1)


LOST = "roster.csv has lost 8 of its 16 people since applied/main, and this removes 8 of the 16; the limit is 4 (25%, "


def test_half_a_roster_is_refused_and_named_in_every_format(guide: Stage, tagged: Repository) -> None:
    tagged.commit({"roster.csv": HALF})
    for format_ in ("text", "markdown", "json", "html"):
        for command in ("plan", "drift"):
            told = guide.run(command, "--format", format_).out
            assert all(words in told for words in (LOST, "--accept-source roster.csv", "p14")), (command, format_)
    document = json.loads(guide.run("plan", "--format", "json").out)
    jsonschema.Draft202012Validator(json.loads(schema_text("plan.schema.json"))).validate(document)
    loss = {"file": "roster.csv", "people_before": 16, "lost": 8, "reason": "", "accepted": False}
    assert document["source_losses"] == [loss]


def test_an_apply_is_refused_before_the_first_write_until_the_file_is_accepted(
    guide: Stage, tagged: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagged.commit({"roster.csv": HALF})
    guide.calls()
    told = guide.run("apply", "--yes")
    assert (told.code, there(guide)) == (1, PEOPLE)
    assert all(call.startswith("GET ") for call in guide.calls())
    assert f"{LOST}the default of policy.max_source_loss)" in told.err
    monkeypatch.setenv("RECONCILER_ACCEPT_SOURCE", f"*.csv{os.pathsep}roster.csv")
    assert guide.run("plan", "--detailed-exitcode").code == 2
    monkeypatch.delenv("RECONCILER_ACCEPT_SOURCE")
    assert guide.run("plan", "--accept-source", str(guide.folder / "roster.csv"), "--detailed-exitcode").code == 2
    assert guide.run("apply", "--yes", "--accept-source", "roster.csv").code == 0
    assert there(guide) == PEOPLE - 8


def test_the_limit_of_the_file_is_named_with_its_line(guide: Stage, tagged: Repository) -> None:
    few = HEAD + "".join(FIVE + SIX[:-2])
    tagged.commit({"roster.csv": few})
    assert "refused" not in guide.run("plan").out
    limited = yaml(guide.folder, "max_removals: 100%", "max_removals: 100%, max_source_loss: 1")
    tagged.commit({"groups.yaml": limited})
    assert "the limit is 1 (1, policy.max_source_loss (groups.yaml:3))" in guide.run("plan").out


OTHERS = HEAD + "".join(row(number, 5 if number < 60 else 6) for number in range(50, 70))
SECOND = SOURCE.replace("roster.csv", "other.csv")
CASES: Mapping[str, Mapping[str, str | None]] = {
    "half a roster": {"roster.csv": HALF},
    "one row of each class": {"roster.csv": HEAD + FIVE[0] + SIX[0]},
    "only the header": {"roster.csv": HEAD},
    "an empty file": {"roster.csv": ""},
    "another school's roster": {"roster.csv": OTHERS},
    "the number of another column": {"roster.csv": FULL.replace("+1 202", "+1 303")},
    "a status that is spelled otherwise": {"roster.csv": FULL.replace("active", "Aktiv")},
    "a status that half of them lost": {"roster.csv": HALF + "".join(FIVE[4:] + SIX[4:]).replace("active", "")},
    "a class that half of them lost": {
        "roster.csv": HALF + "".join(FIVE[4:]).replace(",5,", ",,") + "".join(SIX[4:]).replace(",6,", ",,")
    },
    "half a roster under another name": {"roster.csv": None, "pupils.csv": HALF, "roster.csv → pupils.csv": ""},
    "the source is gone, and its teams have one person of the YAML": {
        f"sources:\n  - {SOURCE}\n → teams: {{class-5: [tutor], class-6: [tutor]}}\n": ""
    },
    "a second source takes over the file's name": {
        "roster.csv": HEAD + row(90) + row(91, 6),
        "other.csv": HALF.replace("\np", "\nq"),
        f"  - {SOURCE}\n →   - {SOURCE}\n  - {SECOND}\n": "",
    },
}


@pytest.mark.parametrize("committed", [True, False])
def test_no_broken_roster_removes_anybody(guide: Stage, tagged: Repository, committed: bool) -> None:
    text, before = yaml(guide.folder), {key: guide.members(key) for key in ("Five", "Six", "Staff")}
    for name, files in CASES.items():
        changed = text
        for words in files:
            if " → " in words:
                old, new = words.split(" → ")
                assert old in changed, name
                changed = changed.replace(old, new, 1)
        tagged.write({"groups.yaml": changed, **{file: data for file, data in files.items() if " → " not in file}})
        if committed:
            tagged.commit()
        told = guide.run("apply", "--yes")
        assert told.code in (1, 3), (name, told)
        narrowed = guide.run("apply", "--yes", "--target", "five")
        assert narrowed.code in (1, 3), (name, narrowed)
        assert all(before[key] <= guide.members(key) for key in before), name
        tagged.git("reset", "-q", "--hard", "applied/main")
        tagged.git("clean", "-q", "-f", "--", "*.csv")


def test_a_renamed_or_swapped_file_with_the_same_people_removes_nobody(guide: Stage, tagged: Repository) -> None:
    text = yaml(guide.folder, "roster.csv", "pupils.csv")
    tagged.commit({"groups.yaml": text, "roster.csv": None, "pupils.csv": FULL})
    told = guide.run("apply", "--yes")
    assert (told.code, there(guide)) == (0, PEOPLE)
    assert "No changes" in told.out


def test_a_few_leavers_and_a_changed_list_of_the_yaml_go_through(guide: Stage, tagged: Repository) -> None:
    tagged.commit({"roster.csv": HEAD + "".join(FIVE[1:] + SIX), "groups.yaml": yaml(guide.folder, "tutor, ", "")})
    assert guide.run("apply", "--yes").code == 0
    assert there(guide) == PEOPLE - 2


UNKNOWN = "it is not known who was in roster.csv before, so nobody who is missing there is removed: "


def test_without_a_tag_a_group_of_the_source_waits_and_others_go_on_until_one_is_set(
    guide: Stage, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    changed = yaml(guide.folder, "tutor, ", "").replace("teams: [class-6]", "teams: [class-6], absent: [p23]")
    repository.commit({"groups.yaml": changed, "roster.csv": HEAD + "".join(FIVE[1:] + SIX[:-1]) + row(30)})
    told = guide.run("apply", "--yes")
    assert told.code == 3
    assert f"{UNKNOWN}no tag applied/… was found in the history of HEAD; if the file is right, pass" in told.out
    assert "p10" not in told.out
    assert "somebody else" not in told.out
    # The new pupil came, the listed one who is absent and the one of the YAML went.
    assert (len(guide.members("Five")), len(guide.members("Six")), len(guide.members("Staff"))) == (10, 8, 2)
    accepting = ("apply", "--yes", "--accept-source", "roster.csv")
    told = guide.run(*accepting)
    assert "accepted: it is not known who was in roster.csv before: no tag applied/… was found" in told.out
    assert (told.code, len(guide.members("Five")), len(guide.members("Six"))) == (0, 9, 7)
    advised = "So that the next run knows who left a people file, run `git tag --force applied/main`."
    assert advised in told.err
    repository.write({"roster.csv": FULL})
    assert "commit the files, and then run `git tag" in guide.run(*accepting).err
    repository.commit()
    assert advised in guide.run(*accepting).err
    repository.git("tag", "--force", "applied/main")
    assert "git tag" not in guide.run(*accepting).err


def test_without_git_or_a_tag_in_the_history_of_head_nobody_can_look(
    guide: Stage, tagged: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = tagged.git("rev-parse", "HEAD")
    tagged.git("checkout", "-q", "HEAD~1")
    tagged.write({"groups.yaml": tagged.git("show", f"{applied}:groups.yaml"), "roster.csv": HALF})
    told = guide.run("apply", "--yes")
    assert (told.code, there(guide)) == (3, PEOPLE)
    assert "no tag applied/… was found in the history of HEAD" in told.out
    tagged.git("checkout", "-q", "-f", "main")
    tagged.git("rm", "-q", "--cached", "roster.csv")
    tagged.commit({".gitignore": "roster.csv\n"})
    tagged.git("tag", "-f", "applied/main")
    tagged.write({"roster.csv": HALF})
    told = guide.run("apply", "--yes")
    assert (told.code, there(guide)) == (3, PEOPLE)
    assert "groups.yaml is not valid in applied/main: applied/main:groups.yaml:" in told.out
    monkeypatch.setenv("PATH", "")
    told = guide.run("apply", "--yes")
    assert (told.code, there(guide)) == (3, PEOPLE)
    assert "git is not installed" in told.out


@pytest.mark.parametrize("word", ["other.csv", "roster", "../roster.csv"])
def test_a_file_that_no_source_has_is_no_file_to_accept(guide: Stage, tagged: Repository, word: str) -> None:
    told = guide.run("plan", "--accept-source", word)
    assert told.code == 1
    assert f"--accept-source: `sources` has no file {word}" in told.err


def test_a_saved_plan_records_what_was_accepted_and_is_compared_again(guide: Stage, tagged: Repository) -> None:
    tagged.commit({"roster.csv": HALF})
    assert guide.run("plan", "--out", "half.plan").code == 0
    told = guide.run("apply", "half.plan", "--yes")
    assert (told.code, there(guide)) == (1, PEOPLE)
    assert LOST in told.err
    assert told.err.rstrip().endswith("if roster.csv is right, make the plan with --accept-source roster.csv")
    assert guide.run("apply", "half.plan", "--yes", "--accept-source", "roster.csv").code == 1
    told = guide.run("plan", "--out", "few.plan", "--accept-source", "./roster.csv")
    assert "accepted: roster.csv has lost 8 of its 16 people since applied/main (--accept-source)" in told.out
    (loss,) = json.loads((guide.folder / "few.plan").read_text())["source_losses"]
    assert loss["accepted"]
    assert guide.run("apply", "few.plan", "--yes").code == 0
    assert there(guide) == PEOPLE - 8


def test_a_saved_plan_is_refused_where_its_sources_cannot_be_compared(
    guide: Stage, tagged: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagged.commit({"roster.csv": HEAD + "".join(FIVE[1:] + SIX)})
    assert guide.run("plan", "--out", "one.plan").code == 0
    tagged.git("tag", "-d", "applied/main")
    told = guide.run("apply", "one.plan", "--yes")
    assert (told.code, there(guide)) == (1, PEOPLE)
    assert "five: this removes 1 person, and it is not known who was in roster.csv before: no tag" in told.err
    tagged.git("tag", "applied/main", "HEAD~1")
    assert guide.run("apply", "one.plan", "--yes").code == 0
    assert there(guide) == PEOPLE - 1


def test_a_saved_plan_that_was_edited_to_hide_a_loss_is_refused_by_the_comparison(
    guide: Stage, repository: Repository
) -> None:
    repository.commit({"roster.csv": HEAD + "".join(FIVE[1:] + SIX)})
    assert guide.run("plan", "--out", "held.plan", "--accept-source", "roster.csv").code == 0
    document = json.loads((guide.folder / "held.plan").read_text())
    document["source_losses"] = []
    (guide.folder / "held.plan").write_text(json.dumps(document))
    told = guide.run("apply", "held.plan", "--yes")
    assert (told.code, there(guide)) == (1, PEOPLE)
    assert "it is not known who was in roster.csv before" in told.err


def test_who_stays_for_the_days_of_grace_and_half_a_roster_is_refused_when_they_are_over(
    guide: Stage, tagged: Repository
) -> None:
    graced = yaml(guide.folder, "where:", "grace: 14d, where:")
    tagged.commit({"groups.yaml": graced})
    tagged.git("tag", "-f", "applied/main")
    tagged.commit({"roster.csv": HALF})
    day = ("--as-of", "2023-11-20")
    told = guide.run("plan", *day, "--detailed-exitcode")
    assert told.code == 0
    assert "last day is 2023-11-28" in told.out
    assert guide.run("apply", "--yes", *day).code == 0
    tagged.git("tag", "-f", "applied/main")
    told = guide.run("apply", "--yes", "--as-of", "2023-11-29")
    assert (told.code, there(guide)) == (1, PEOPLE)
    assert LOST in told.err


def test_grace_that_is_turned_on_keeps_who_is_live_and_adds_nobody_back(guide: Stage, tagged: Repository) -> None:
    tagged.on(datetime.now(UTC))
    tagged.commit({"roster.csv": HEAD + "".join(FIVE[1:] + SIX)})
    assert guide.run("apply", "--yes").code == 0
    tagged.git("tag", "-f", "applied/main")
    tagged.commit({"roster.csv": HEAD + "".join(FIVE[1:] + SIX[1:])})
    tagged.commit({"groups.yaml": yaml(guide.folder, "where:", "grace: 14d, where:")})
    for command in (("plan", "--detailed-exitcode"), ("drift",)):
        told = guide.run(*command)
        assert (told.code, "left roster.csv): not in the group; `grace` keeps people" in told.out) == (0, True), (
            told.out
        )
        assert "p20 (until " in told.out
    assert guide.run("plan", "--out", "later.plan").code == 0
    assert guide.run("apply", "later.plan", "--yes").code == 0
    assert (guide.run("apply", "--yes", "--report", "report.json").code, there(guide)) == (0, PEOPLE - 1)
    told = guide.run("diff", "HEAD~1", "HEAD")
    assert told.out.count("stays where live, and is not added") == 2
    assert "person added" not in told.out
    told = guide.run("who", "p10")
    assert "(left roster.csv), not in: stays where live, and is not added" in told.out
    before = (guide.folder / "groups.yaml").read_text()
    assert guide.run("adopt", "--missing", "--report", "report.json").code == 0
    assert (guide.folder / "groups.yaml").read_text() == before


def test_without_a_history_the_days_of_grace_hold_everybody_who_is_missing(guide: Stage, tagged: Repository) -> None:
    tagged.commit({"groups.yaml": yaml(guide.folder, "where:", "grace: 14d, where:")})
    tagged.git("tag", "-f", "applied/main")
    tagged.write({"roster.csv": HEAD + "".join(FIVE[1:] + SIX)})
    tagged.git("rm", "-q", "--cached", "roster.csv")
    tagged.git("-c", "core.excludesFile=", "commit", "-q", "-m", "roster.csv is not in git any more")
    told = guide.run("apply", "--yes")
    assert (told.code, there(guide)) == (3, PEOPLE)
    assert f"{UNKNOWN}roster.csv is not a file of the last commit" in told.out
