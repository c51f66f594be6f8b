"""`reconciler history`, `review` and `who --why`: real repositories, whole runs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.cli.main import run
from reconciler.json_schemas import schema_text
from tests.stage import INSTANCE, PHONE, Ran, Stage
from tests.timeline.conftest import FastRepository, git, repository, seconds, yaml_of

__all__ = ["repository"]
PEOPLE = {"alice": "+1 202 555 0143", "bob": "{phone: +1 202 555 0144, name: Bob Marsh}"}
BOB_ENDS = "name: Beta, members: [{person: bob, until: 2026-03-31, reason: contractor}]"


class Shell:
    """Runs the program in a repository, without an API key."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ran:
        self._capsys.readouterr()
        code = run(list(arguments))
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def json(self, *arguments: str) -> Any:
        ran = self(*arguments, "--format", "json")
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    def rows(self, *arguments: str) -> list[dict[str, str]]:
        ran = self(*arguments, "--format", "csv")
        assert ran.code == 0, ran.err
        return list(csv.DictReader(io.StringIO(ran.out)))


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.delenv("WAPPFY_API_KEY", raising=False)
    return Shell(capsys)


@pytest.fixture
def year(repository: FastRepository) -> FastRepository:
    """A year: a first version, a new member, an end, a new number of alice, an invalid version, a moved file."""
    file, teams = "groups.yaml", "teams: {board: [alice]}"
    first = yaml_of(PEOPLE, {"alpha": "name: Alpha, teams: [board]", "beta": BOB_ENDS}, teams)
    repository.commit(seconds("2026-01-01"), {file: first}, message="First (#1)\n\nApproved-by: Cleo <c@example.org>\n")
    second = yaml_of(PEOPLE, {"alpha": "name: Alpha, members: [bob], teams: [board]", "beta": BOB_ENDS}, teams)
    repository.commit(seconds("2026-02-01"), {file: second}, message="Bob joins", author="Ben")
    repository.commit(seconds("2026-05-01"), {file: second + "oops: [\n"}, message="Break it")
    people = {**PEOPLE, "alice": "+1 202 555 0149"}
    third = yaml_of(people, {"team": "name: Alpha, members: [bob], teams: [board]", "beta": BOB_ENDS}, teams)
    repository.commit(seconds("2026-06-01"), {file: third}, message="Merge pull request #7 from ann/x")
    repository.commit(seconds("2026-07-01"), {}, renames={file: "policy.yaml"}, message="Move")
    repository.make()
    return repository


def test_the_newest_change_is_first_with_commit_author_pull_request_and_approver(
    year: FastRepository, shell: Shell
) -> None:
    ran = shell("history", "policy.yaml")
    oids = git("log", "--format=%h", "--abbrev=9", folder=year.folder).decode().split()

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"2026-06-01  commit {oids[1]} · Ann · pull request #7 · approver unknown\n"
        "  Merge pull request #7 from ann/x\n"
        f"  ! bridged: some of these changes may be by commit {oids[2]}, which is not valid\n"
        '  team  "Alpha"\n'
        "    ~ key          alpha → team\n"
        "    + alice (new number +1 202 ••• ••49) through board, until never\n"
        "    - alice (old number +1 202 ••• ••43) through board\n\n"
        f"2026-05-01  commit {oids[2]} · Ann · pull request unknown · approver unknown\n"
        "  Break it\n"
        "  ! this version is not valid: policy.yaml:11:1: invalid YAML: did not find expected node content; "
        "check this line and the one above\n\n"
        "2026-04-01  memberships ended\n"
        '  beta  "Beta"\n'
        "    - Bob Marsh (bob) until 2026-03-31, ended, contractor\n\n"
        f"2026-02-01  commit {oids[3]} · Ben · pull request unknown · approver unknown\n"
        "  Bob joins\n"
        '  alpha  "Alpha"\n'
        "    + Bob Marsh (bob) until never\n\n"
        f"2026-01-01  commit {oids[4]} · Ann · pull request #1 · approved by Cleo\n"
        "  First (#1)\n"
        '  alpha  "Alpha" (new group)\n'
        "    + alice through board, until never\n"
        '  beta  "Beta" (new group)\n'
        "    + Bob Marsh (bob) until 2026-03-31, contractor\n"
    )


@pytest.mark.parametrize(
    ("arguments", "dates"),
    [
        (("--since", "2026-02-01", "--until", "2026-04-01"), ["2026-04-01", "2026-02-01"]),
        (("--since", "HEAD~3", "--until", "HEAD~2"), ["2026-05-01", "2026-04-01", "2026-02-01"]),
        (("--until", "2025-12-31"), []),
        (("--group", "team", "--since", "2026-06-01"), ["2026-06-01"]),
        (("--group", "alpha", "--until", "2026-02-01"), ["2026-02-01", "2026-01-01"]),
        (("--person", "bob", "--until", "2026-04-01"), ["2026-04-01", "2026-02-01", "2026-01-01"]),
        (("--person", "alice", "--group", "alpha", "--since", "2026-06-01"), ["2026-06-01"]),
        (("--person", "+1 202 555 0143", "--until", "2026-01-31"), ["2026-01-01"]),
    ],
)
def test_a_history_is_narrowed_by_time_group_and_person(
    year: FastRepository, shell: Shell, arguments: tuple[str, ...], dates: list[str]
) -> None:
    entries = shell.json("history", "policy.yaml", *arguments)["entries"]
    assert [entry["at"][:10] for entry in entries] == dates


def test_a_day_shows_who_was_wanted_and_since_when(year: FastRepository, shell: Shell) -> None:
    days = ("2025-12-31", "2026-01-31", "2026-03-31", "2026-04-01", "2026-06-30")
    found = {
        day: [
            (row["group"], row["person"], row["state"], row["since"])
            for row in shell.rows("history", "policy.yaml", "--at", day)
        ]
        for day in days
    }
    bob = ("alpha", "Bob Marsh", "member", "2026-02-01")
    assert found == {
        "2025-12-31": [],
        "2026-01-31": [("alpha", "alice", "member", "2026-01-01"), ("beta", "Bob Marsh", "member", "2026-01-01")],
        "2026-03-31": [
            ("alpha", "alice", "member", "2026-01-01"),
            bob,
            ("beta", "Bob Marsh", "member", "2026-01-01"),
        ],
        "2026-04-01": [
            ("alpha", "alice", "member", "2026-01-01"),
            bob,
            ("beta", "Bob Marsh", "ended", "2026-01-01"),
        ],
        # A membership goes on when the number changes.
        "2026-06-30": [
            ("beta", "Bob Marsh", "ended", "2026-01-01"),
            ("team", "alice", "member", "2026-01-01"),
            ("team", "Bob Marsh", "member", "2026-02-01"),
        ],
    }
    assert shell.json("history", "policy.yaml", "--at", "2026-05-02")["invalid"].startswith("policy.yaml:11:1: ")


def test_text_of_commits_is_harmless_and_cells_are_no_formulas(repository: FastRepository, shell: Shell) -> None:
    hostile = '=cmd()\x1b[2J ::error::x <b>@all</b> call +1 303 555 0122 now (#1)\n\nApproved-by: @SUM(1+1)"\n'
    repository.commit(
        seconds("2026-01-01"), {"groups.yaml": yaml_of(PEOPLE, {"alpha": ["alice"]})}, message=hostile, author="-2+3"
    )
    repository.make()
    (row,) = [row for row in shell.rows("history") if row["event"] == "entered"]
    assert row["subject"] == "'=cmd()\\x1b[2J ::error::x <b>@all</b> call +1 303 ••• ••22 now (#1)"
    assert (row["author"], row["approved_by"], row["number"]) == ("'-2+3", "'@SUM(1+1)\"", "'+1 202 ••• ••43")
    assert shell.rows("history", "--show-phones")[1]["number"] == "'+12025550143"
    for format_ in ("text", "markdown", "json"):
        out = shell("history", "--format", format_).out
        assert "\x1b" not in out
        assert "0122" not in out
    assert "<b>" not in shell("history", "--format", "markdown").out
    assert "@all" not in shell("history", "--format", "markdown").out


def test_a_shallow_clone_knows_nothing_of_what_was_before(
    year: FastRepository, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("clone", "-q", "--depth", "2", f"file://{year.folder}", "shallow", folder=year.folder)
    monkeypatch.chdir(year.folder / "shallow")
    ran = shell("history", "policy.yaml")
    assert ran.out == "No changes.\n\nWhat was before the oldest commit of this clone is unknown.\n"
    assert "git fetch --unshallow" in ran.err
    assert {row["since"] for row in shell.rows("history", "policy.yaml", "--at", "2026-07-02")} == {"unknown"}


def test_a_folder_is_followed_through_its_move_and_from_one_file(repository: FastRepository, shell: Shell) -> None:
    people = "version: 1\npeople: {alice: +1 202 555 0143}\n"
    group = "groups:\n  alpha:\n    name: Alpha\n    members: [alice]\n    description: So long that it is recognised\n"
    repository.commit(seconds("2026-01-01"), {"groups.yaml": people + group})
    repository.commit(
        seconds("2026-01-02"),
        {"old/people.yaml": people, "old/groups.yaml": group},
        renames={"groups.yaml": "old/g.yaml"},
    )
    repository.commit(seconds("2026-01-03"), {"old/g.yaml": None})
    repository.commit(seconds("2026-01-04"), {}, renames={"old": "new"})
    repository.commit(seconds("2026-01-05"), {"new/groups.yaml": group.replace("alice", "")})
    repository.make()

    told = [(row["date"], row["event"]) for row in shell.rows("history", "new")]

    assert told == [
        ("2026-01-05", "left"),
        ("2026-01-02", "invalid"),
        ("2026-01-01", "group added"),
        ("2026-01-01", "set"),
        ("2026-01-01", "entered"),
    ]


def test_a_merge_counts_at_its_own_date_and_has_the_author_of_what_it_brought(
    repository: FastRepository, shell: Shell
) -> None:
    file = "groups.yaml"
    base = repository.commit(seconds("2026-01-01"), {file: yaml_of(PEOPLE, {"alpha": ["alice"]})})
    joined = {file: yaml_of(PEOPLE, {"alpha": ["alice", "bob"]})}
    side = repository.commit(seconds("2026-01-02"), joined, branch="side", start=base, author="Ben")
    repository.commit(seconds("2026-01-09"), joined, merge=side, start=base, message="Merge !4", author="Ann")
    repository.make()

    (entry, _) = shell.json("history")["entries"]

    assert entry["at"] == "2026-01-09T10:00:00+00:00"
    assert (entry["commit"]["author"], entry["commit"]["merged_by"]) == ("Ben", "Ann")


def test_applied_logs_say_when_a_change_took_effect_or_that_it_never_did(
    repository: FastRepository, shell: Shell
) -> None:
    repository.commit(seconds("2026-01-01"), {"groups.yaml": yaml_of(PEOPLE, {"alpha": ["alice", "bob"]})})
    repository.commit(seconds("2026-01-05"), {"groups.yaml": yaml_of(PEOPLE, {"alpha": ["bob"]})})
    repository.make()
    line = {"group": "alpha", "action": "create", "status": 201, "at": "2026-01-02T00:00:00.000+00:00"}
    people = [{"jid": "12025550143@s.whatsapp.net"}, {"jid": "12025550144@s.whatsapp.net"}]
    # A call that failed and was tried again, and a name that was sent.
    failed = {**line, "status": 503, "people": [], "at": "2026-01-01T23:00:00+00:00"}
    refused = {**line, "action": "refused", "status": None, "people": people[1:], "at": "2026-01-02T00:00:01+00:00"}
    chat = {**line, "group": None, "action": None, "people": []}
    lines = [failed, {**line, "people": people}, refused, chat]
    Path("audit.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")

    told = [(row["event"], row["person"], row["effect"]) for row in shell.rows("history", "--applied", "audit.jsonl")]

    assert told == [
        ("left", "alice", "never applied"),
        ("group added", "", "applied"),
        ("entered", "alice", "applied"),
        ("entered", "Bob Marsh", "refused"),
    ]


def test_settings_lists_and_terms_are_told_too(repository: FastRepository, shell: Shell) -> None:
    old = "name: Alpha, members: [bob, {person: alice, until: 2026-12-31}], admins: [bob]"
    new = "name: Alpha, members: [bob, {person: alice, join: invite, reason: guest}], admins: [alice], description: Hi"
    repository.commit(seconds("2026-01-01"), {"groups.yaml": yaml_of(PEOPLE, {"alpha": old})})
    rest = "policy: {max_removals: 3, protected: [bob]}"
    repository.commit(seconds("2026-01-02"), {"groups.yaml": yaml_of(PEOPLE, {"alpha": new}, rest)})
    repository.commit(seconds("2026-01-03"), {"groups.yaml": None}, message="")
    repository.commit(seconds("2026-01-04"), {"groups.yaml": yaml_of(PEOPLE, {"alpha": "name: Alpha"}, rest)})
    repository.make()

    text = shell("history", "--since", "2026-01-02", "--until", "2026-01-02").out
    assert text.partition("\n")[2] == (
        "  A change\n"
        "  + policy.max_removals  3\n"
        "  ~ policy.protected  + Bob Marsh (bob)\n"
        '  alpha  "Alpha"\n'
        '    + description  "Hi"\n'
        "    ~ alice: until 2026-12-31 → by invite, guest\n"
        "    ~ admins       + alice\n"
        "    ~ admins       - Bob Marsh (bob)\n"
    )
    events = [(row["date"], row["event"], row["field"] or row["person"]) for row in shell.rows("history")]
    assert events[:8] == [
        ("2026-01-04", "group added", ""),
        ("2026-01-03", "group removed", ""),
        ("2026-01-03", "left", "alice"),
        ("2026-01-03", "left", "Bob Marsh"),
        ("2026-01-02", "set", "policy.max_removals"),
        ("2026-01-02", "added to", "policy.protected"),
        ("2026-01-02", "set", "description"),
        ("2026-01-02", "added to", "admins"),
    ]
    markdown = shell("history", "--until", "2026-01-02", "--format", "markdown").out
    assert "```diff\n+ policy.max_removals  3\n! policy.protected  + Bob Marsh (bob)\n```" in markdown
    day = shell("history", "--at", "2026-01-02", "--format", "markdown").out
    assert "**<code>alpha</code>** Alpha\n\n- " not in day
    assert "= alice since 2026-01-01" in day
    assert shell("history", "--at", "2025-01-01").out.startswith("Members on 2025-01-01: nothing")
    assert "by invite, guest" in shell("history", "--at", "2026-01-02").out


def test_many_people_are_counted_in_text_and_listed_in_csv(repository: FastRepository, shell: Shell) -> None:
    people = {f"p{number:02}": f"+1 202 555 01{number:02}" for number in range(10, 50)}
    repository.commit(seconds("2026-01-01"), {"groups.yaml": yaml_of(people, {"alpha": list(people)})})
    repository.make()
    out = shell("history").out
    assert out.count(" until never\n") == 25
    assert "    + and 15 more; CSV and JSON have everybody\n" in out
    assert [row["event"] for row in shell.rows("history")].count("entered") == 40


def test_a_link_in_a_folder_is_read_as_the_commit_has_it(repository: FastRepository, shell: Shell) -> None:
    people = "version: 1\npeople: {alice: +1 202 555 0143}\n"
    repository.commit(seconds("2026-01-01"), {"people.yaml": people, "f/g.yaml": "groups: {alpha: {name: Alpha}}\n"})
    repository.lines.append(b"M 120000 inline f/people.yaml\ndata 14\n../people.yaml\n")
    repository.commit(seconds("2026-01-02"), {"f/g.yaml": "groups: {alpha: {name: Alpha, members: [alice]}}\n"})
    repository.make()
    assert [(row["date"], row["event"], row["person"]) for row in shell.rows("history", "f")] == [
        ("2026-01-02", "set", ""),
        ("2026-01-02", "entered", "alice"),
        ("2026-01-01", "group added", ""),
    ]


def test_a_commit_of_a_people_file_alone_is_a_change_of_its_own(repository: FastRepository, shell: Shell) -> None:
    source = "{csv: 'rolls/*.csv', id: no, phone: phone, name: '{name}', region: US, team: pupils}"
    old, new = (
        f"version: 1\nsources: [{source}]\ngroups: {{alpha: {{name: {name}, teams: [pupils]}}}}\n"
        for name in ("A", "B")
    )
    head = "no,name,phone\n"
    alice, bob, cleo = "1,Alice,(202) 555-0143\n", "2,Bob,(202) 555-0144\n", "3,Cleo,(202) 555-0145\n"
    dan = "4,Dan,(202) 555-0146\n"
    first = {"old/groups.yaml": old, "old/rolls/a.csv": head + alice + bob, "other.csv": head}
    repository.commit(seconds("2026-01-01"), first)
    repository.commit(seconds("2026-01-02"), {"old/rolls/a.csv": head + alice}, author="Ben", message="Bob left (#2)")
    repository.commit(seconds("2026-01-03"), {"old/rolls/b.csv": head + cleo}, author="Cleo", message="A new class")
    repository.commit(seconds("2026-01-04"), {}, renames={"old/rolls/b.csv": "old/rolls/c.csv"})
    repository.commit(seconds("2026-01-05"), {"old/rolls/c.csv": "no,name,phone\n3,Cleo,12\n"}, author="Dan")
    repository.commit(seconds("2026-01-06"), {"old/groups.yaml": "groups: ["}, author="Dan")
    fixed = repository.commit(seconds("2026-01-07"), {"old/rolls/c.csv": head + cleo + bob}, author="Eve")
    repository.commit(seconds("2026-01-08"), {"old/groups.yaml": old})
    repository.commit(seconds("2026-01-09"), {"other.csv": head + bob}, renames={"old": "new"})
    start = repository.commit(seconds("2026-01-10"), {"new/groups.yaml": new})
    side = repository.commit(
        seconds("2026-01-11"), {"new/rolls/a.csv": head + dan}, branch="side", start=start, author="Fay"
    )
    repository.commit(
        seconds("2026-01-12"), {"new/rolls/a.csv": head + dan}, merge=side, start=start, message="Merge it (#9)"
    )
    repository.make()

    for path in ("new/groups.yaml", "new"):
        rows = [row for row in shell.rows("history", path) if row["person"] or row["event"] == "invalid"]

        assert [(row["date"], row["author"], row["event"], row["person"]) for row in rows] == [
            ("2026-01-12", "Fay", "entered", "Dan"),
            ("2026-01-12", "Fay", "left", "Alice"),
            ("2026-01-08", "Ann", "entered", "Bob"),
            ("2026-01-07", "Eve", "invalid", ""),
            ("2026-01-06", "Dan", "invalid", ""),
            ("2026-01-05", "Dan", "invalid", ""),
            ("2026-01-03", "Cleo", "entered", "Cleo"),
            ("2026-01-02", "Ben", "left", "Bob"),
            ("2026-01-01", "Ann", "entered", "Alice"),
            ("2026-01-01", "Ann", "entered", "Bob"),
        ]
    assert rows[0]["merged_by"] == "Ann"
    (bridging,) = [entry for entry in shell.json("history", path)["entries"] if entry["at"][:10] == "2026-01-08"]
    marks = git("log", "--format=%H", "--reverse", "--first-parent", folder=repository.folder).decode().split()
    assert bridging["bridged"] == marks[4:fixed]
    assert {row["person"]: row["since"] for row in shell.rows("history", path, "--at", "2026-01-04")} == {
        "Alice": "2026-01-01",
        "Cleo": "2026-01-03",
    }
    assert [row["person"] for row in shell.rows("history", path, "--at", marks[1])] == ["Alice"]
    Path("new/rolls/a.csv").write_text(head + bob, encoding="utf-8")
    assert "new/groups.yaml has changes that are not committed" in shell("history", "new/groups.yaml").err


def test_somebody_stays_for_the_days_of_grace(repository: FastRepository, shell: Shell) -> None:
    source = "{csv: r.csv, id: no, phone: phone, name: '{name}', region: US, team: pupils, grace: 3d}"
    yaml = f"version: 1\nsources: [{source}]\ngroups: {{alpha: {{name: A, teams: [pupils]}}}}\n"
    roll = "no,name,phone\n2,Bob,(202) 555-0144\n"
    repository.commit(seconds("2026-01-01"), {"groups.yaml": yaml, "r.csv": f"{roll}1,Alice,(202) 555-0143\n"})
    repository.commit(seconds("2026-01-05"), {"r.csv": roll}, message="Alice left")
    repository.make()
    rows = [(row["date"], row["event"], row["until"]) for row in shell.rows("history") if row["person"] == "Alice"]
    assert rows == [
        ("2026-01-09", "ended", "2026-01-08"),
        ("2026-01-05", "changed", "2026-01-08"),
        ("2026-01-01", "entered", "never"),
    ]


def test_a_report_of_apply_says_when_a_change_took_effect(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    made: FastRepository = request.getfixturevalue("repository")
    text = yaml_of(PEOPLE, {"alpha": ["alice", "bob"]}).replace("inst_x", INSTANCE).replace("+1 202 555 0100", PHONE)
    made.commit(seconds("2026-01-01"), {"groups.yaml": text})
    made.make()
    masked = stage.run("apply", "--yes", "--report", "report.json", "--format", "json").out
    Path("masked.json").write_text(masked, encoding="utf-8")

    entries = json.loads(stage.run("history", "--applied", "report.json", "--format", "json").out)["entries"]

    (group,) = entries[0]["groups"]
    assert [one["effect"]["kind"] for one in (group, *group["people"])] == ["applied"] * 3
    assert "the numbers in this report are masked" in stage.run("history", "--applied", "masked.json").err
    broken = {**json.loads(masked), "masked": False, "steps": [{}]}
    Path("broken.json").write_text(json.dumps(broken), encoding="utf-8")
    assert "broken.json: this report is not complete" in stage.run("history", "--applied", "broken.json").err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("history", "nowhere.yaml"), "no commit of HEAD has nowhere.yaml"),
        (("history", "policy.yaml", "--person", "nobody"), "`nobody` is not an alias"),
        (("history", "policy.yaml", "--group", "alpah"), "did you mean alpha?"),
        (
            ("history", "policy.yaml", "--since", "nowhere"),
            "has no revision nowhere\n  write a day as YYYY-MM-DD, or name a revision:",
        ),
        (("history", "policy.yaml", "--until", "gestern"), "write a day as YYYY-MM-DD"),
        (("history", "policy.yaml", "--output", "x.pdf"), "let it end in .csv, .json, .md or .txt"),
        (("history", "policy.yaml", "--at", "2026-02-30"), "this is not a valid date"),
        (("history", "policy.yaml", "--at", "HEAD", "--since", "HEAD"), "--at cannot be combined with --since"),
        (("history", "policy.yaml", "--applied", "policy.yaml"), "policy.yaml:1: this is not a line of an audit log"),
        (("review", "policy.yaml", "--external", "nobody"), "there is no team `nobody`"),
        (("review", "policy.yaml", "--external", "baord"), "did you mean `board`?"),
        (("review", "policy.yaml", "--owner-map", "nowhere"), "cannot read nowhere"),
    ],
)
def test_a_wrong_argument_is_one_clear_error(
    year: FastRepository, shell: Shell, arguments: tuple[str, ...], message: str
) -> None:
    ran = shell(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err


@pytest.mark.parametrize("phones", [(), ("--show-phones",)])
@pytest.mark.parametrize(
    ("arguments", "name"),
    [(("history",), "history"), (("history", "--at", "HEAD"), "members"), (("review",), "review")],
)
def test_the_documents_are_valid_by_their_schemas(
    year: FastRepository, shell: Shell, arguments: tuple[str, ...], name: str, phones: tuple[str, ...]
) -> None:
    document = shell.json(arguments[0], "policy.yaml", *arguments[1:], *phones)
    jsonschema.validate(document, json.loads(schema_text(f"{name}.schema.json")))
    assert document["masked"] is not bool(phones)
    assert ("2025550149" in json.dumps(document)) is bool(phones)


def test_a_review_has_a_box_for_everybody_the_greatest_risk_first(repository: FastRepository, shell: Shell) -> None:
    groups = {
        "sales": "name: Sales, members: [bob, {person: alice, until: 2099-12-31}]",
        "ops": "name: Ops, teams: [guests]",
    }
    text = yaml_of({**PEOPLE, "eve": "+1 202 555 0145"}, groups, "teams: {guests: [eve]}")
    repository.commit(seconds("2026-01-01"), {"groups.yaml": text})
    repository.commit(
        seconds("2026-02-01"), {"note.txt": ""}, message="Note\n\nReviewed: sales@2026-01-31, ops@2025-01-01\n"
    )
    repository.commit(seconds("2026-02-02"), {"CODEOWNERS": "* @org/all\n/groups.yaml @org/sales # who\n"})
    repository.make()

    arguments = ("review", "--external", "guests", "--owner-map", "CODEOWNERS")
    ran = shell(*arguments, "--format", "markdown")

    boxes = [line.partition("since")[0] for line in ran.out.splitlines() if line.startswith("- [ ] ")]
    assert boxes == [
        '- [ ] **eve** in <code>ops</code> "Ops" · until never, external, ',
        '- [ ] **Bob Marsh (bob)** in <code>sales</code> "Sales" · until never, ',
        '- [ ] **alice** in <code>sales</code> "Sales" · until 2099-12-31, ',
    ]
    confirmed = {row["person"]: row["confirmed"] for row in shell.rows("review")}
    # A day before somebody came confirms nobody.
    assert confirmed == {"eve": "never", "Bob Marsh": "2026-01-31", "alice": "2026-01-31"}
    assert {row["owners"] for row in shell.rows("review", "--owner-map", "CODEOWNERS")} == {"'@org/sales"}
    assert "@org" not in ran.out
    text = shell(*arguments).out
    assert '\n@org/sales\n  eve in ops "Ops" · until never, external, since 2026-01-01 (commit ' in text
    assert not {"**", "- [ ]", "<code>", "`"} & set(text.split())


def test_who_names_the_commit_that_brought_somebody_in(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    stage.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE)
    made: FastRepository = request.getfixturevalue("repository")
    file = "groups.yaml"
    first = yaml_of(PEOPLE, {"alpha": ["alice"], "old": "name: Old, members: [{person: alice, until: 2026-01-02}]"})
    first = first.replace("inst_x", INSTANCE).replace("+1 202 555 0100", PHONE)
    made.commit(seconds("2026-01-01"), {file: first}, message="Alice (#3)")
    made.make()
    (made.folder / file).write_text(first + "  new: {name: New, members: [alice]}\n", encoding="utf-8")

    ran = stage.run("who", "alice", "--why")

    oid = git("rev-parse", "--short=9", "HEAD", folder=made.folder).decode().strip()
    why = f"  i since 2026-01-01: commit {oid} · Ann · pull request #3 · approver unknown\n"
    assert ran.out.count(why) == 2
    assert "  i was desired until 2026-01-02: ended\n" in ran.out
    assert "  i since an unknown commit: it is older than this clone, or not committed yet\n" in ran.out
    assert "has changes that are not committed" in ran.err
    document = json.loads(stage.run("who", "alice", "--why", "--format", "json").out)
    jsonschema.validate(document, json.loads(schema_text("who.schema.json")))
    assert [group["since"] and group["since"]["oid"][:9] for group in document["groups"]] == [oid, None, oid]


def test_who_without_an_instance_names_what_answers_offline(repository: FastRepository, shell: Shell) -> None:
    text = yaml_of(PEOPLE, {"alpha": ["alice"]}).replace("instance: {id: inst_x, phone: +1 202 555 0100}\n", "")
    repository.commit(seconds("2026-01-01"), {"groups.yaml": text})
    repository.make()
    assert "`reconciler history --at HEAD --person PERSON`" in shell("who", "alice", "--why").err
    assert [row["since"] for row in shell.rows("history", "--at", "HEAD", "--person", "alice")] == ["2026-01-01"]
