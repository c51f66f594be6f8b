"""`reconciler people`: everybody of a configuration and its people files, offline, in three formats."""

from __future__ import annotations

import csv
import json
import re

import jsonschema
import pytest

from reconciler.json_schemas import schema_text
from tests.repository import Repository
from tests.sources.rosters import changed
from tests.stage import Stage

SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text("people.schema.json")))
ROSTER = (
    "no,name,mobile,class\n"
    "7,Alice Moreno,+1 202 555 0143,5a\n"
    '8,"=HYPERLINK(""http://evil"")",+1 202 555 0144,5b\n'
    "9,\x1b[2J +1 202 555 0199,+1 202 555 0145,5b\n"
)
FILE = """
people: {dave: +1 404 555 0146}
sources:
  - {csv: roster.csv, id: no, phone: mobile, name: name, teams: [class], team_prefix: class-}
groups:
  alpha: {name: Alpha, teams: [class-5a], members: [dave, {person: person-8, until: 2099-12-31}], admins: [dave]}
  beta: {name: Beta, members: [+1 512 555 0147]}
"""


@pytest.fixture
def school(stage: Stage) -> Stage:
    (stage.folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    stage.file(FILE)
    return stage


def test_everybody_is_listed_with_file_teams_and_groups_and_no_call_is_made(school: Stage) -> None:
    ran = school.run("people")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "\\x1b[2J +1 202 ••• ••99 (person-9)  +1 202 ••• ••45  roster.csv row 4\n"
        "  teams: class-5b\n"
        '=HYPERLINK("http://evil") (person-8)  +1 202 ••• ••44  roster.csv row 3\n'
        "  teams: class-5b\n"
        "  groups: alpha (until 2099-12-31)\n"
        "Alice Moreno (person-7)  +1 202 ••• ••43  roster.csv row 2\n"
        "  teams: class-5a\n"
        "  groups: alpha\n"
        "dave  +1 404 ••• ••46  groups.yaml\n"
        "  groups: alpha (admin)\n"
        "+1 512 ••• ••47\n"
        "  groups: beta\n"
        "\n"
        "5 people: 1 only in lists of groups, 1 from groups.yaml, 3 from roster.csv; 1 in no group.\n"
    )
    assert school.calls() == []


def test_the_table_has_no_formula_and_no_whole_number(school: Stage) -> None:
    ran = school.run("people", "--format", "csv")
    rows = list(csv.DictReader(ran.out.splitlines()))
    assert [row["alias"] for row in rows] == ["person-9", "person-8", "person-7", "dave", ""]
    assert rows[2] == {
        "alias": "person-7",
        "name": "Alice Moreno",
        "phone": "'+1 202 ••• ••43",
        "source": "roster.csv",
        "row": "2",
        "teams": "class-5a",
        "groups": "alpha",
    }
    assert rows[1]["name"] == '\'=HYPERLINK("http://evil")'
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_the_document_fits_its_schema_masked_and_whole(school: Stage) -> None:
    masked = json.loads(school.run("people", "--format", "json").out)
    whole = json.loads(school.run("people", "--format", "json", "--show-phones").out)
    for document in (masked, whole):
        SCHEMA.validate(document)
    assert "5550143" not in json.dumps(masked)
    assert [entry["person"]["identity"] for entry in whole["people"]][2] == "+12025550143"
    assert masked["summary"] == {
        "people": 5,
        "without_groups": 1,
        "files": [
            {"file": None, "people": 1},
            {"file": "groups.yaml", "people": 1},
            {"file": "roster.csv", "people": 3},
        ],
    }


def test_full_numbers_are_shown_on_request_in_a_private_file_whose_ending_gives_the_format(school: Stage) -> None:
    ran = school.run("people", "--show-phones", "--output", "people.csv")
    assert (ran.code, ran.out) == (0, "")
    path = school.folder / "people.csv"
    assert "'+12025550143" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_day_decides_which_memberships_count(school: Stage) -> None:
    assert "alpha (until" in school.run("people", "--as-of", "2099-12-31").out
    assert "alpha (until" not in school.run("people", "--as-of", "2100-01-01").out


def test_the_result_does_not_replace_a_file_that_was_read(school: Stage) -> None:
    ran = school.run("people", "--output", "roster.csv")
    assert ran.code == 1
    assert (school.folder / "roster.csv").read_text(encoding="utf-8") == ROSTER


def test_a_mistake_in_a_people_file_is_one_error_at_its_row(school: Stage) -> None:
    (school.folder / "roster.csv").write_text(ROSTER.replace("+1 202 555 0143", "12"), encoding="utf-8")
    ran = school.run("people")
    assert (ran.code, ran.out) == (1, "")
    assert "roster.csv:2:1: row 2, column mobile: `12` is not a phone number" in ran.err


def test_nobody_is_nobody(stage: Stage) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    assert stage.run("people").out == "0 people.\n"


def test_whoever_left_contacts_or_a_roster_stays_for_the_days_of_grace(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = "BEGIN:VCARD\nVERSION:4.0\nUID:{0}\nFN:{0}\nTEL:+1 202 555 01{1}\nCATEGORIES:crew\nEND:VCARD\n"
    contacts = [card.format(name, number) for name, number in (("alice", 43), ("bob", 44))]
    stage.file("""
        sources:
          - {vcard: contacts.vcf, grace: 14d}
          - {oneroster: export.zip, people: guardians, grace: 14d}
        groups: {crew: {name: Crew, teams: [crew]}, parents: {name: Parents, teams: [7a]}}
    """)
    repository = Repository(stage.folder, monkeypatch)
    repository.commit({"contacts.vcf": "".join(contacts), "export.zip": changed("v1.1")})
    repository.write(
        {"contacts.vcf": contacts[0], "export.zip": changed("v1.1", ("users.csv", "g2,,,true", "g2,,,false"))}
    )
    ran = stage.run("people")
    assert re.search(r"\(g2\).*\n.*\n  groups: parents \(until \d{4}-\d\d-\d\d, left export\.zip\)\n", ran.out)
    assert " contacts.vcf line 1\n" in ran.out
    assert re.search(r"bob .*\n.*\n  groups: crew \(until \d{4}-\d\d-\d\d, left contacts\.vcf\)\n", ran.out)
    assert "  groups: parents\n" in ran.out
