"""`reconciler edit`: what each verb writes and prints, and what it refuses; the form of an issue is hostile."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.apply.lock import files_lock
from reconciler.cli.main import run
from reconciler.config import load
from reconciler.errors import ReconcilerError
from reconciler.model.desired import Desired
from tests.stage import Ran

FILE = """\
version: 1
people:
  # the chair
  alice: +1 202 555 0143   # since 2020
  bob: {phone: +1 202 555 0144, name: Bob Marsh}
  carol: {phone: +1 303 555 0145, lid: 7@lid}
teams:
  board: [alice, bob]
  staff: {teams: [board], members: [carol]}
policy: {protected: [alice]}
groups:
  alpha:
    name: Alpha
    teams: [board]
    members:
      - carol  # the guest
  beta:
    name: Beta
    members: [alice, bob]
    admins: [bob]
  gamma: {name: Gamma, teams: [staff], absent: [+1 404 555 0146]}
  delta: {id: 1@g.us}
  epsilon: {name: Epsilon, members: [{person: bob, until: 2020-01-31, reason: guest}]}
"""
Edit = Callable[..., Ran]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Edit:
    """Run `edit` in a folder with the file."""
    monkeypatch.chdir(tmp_path)
    Path("groups.yaml").write_text(FILE, encoding="utf-8")

    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(["edit", *arguments])
        return Ran(code, *capsys.readouterr())

    return call


def text() -> str:
    return Path("groups.yaml").read_text(encoding="utf-8")


def desired(path: str = "groups.yaml") -> Desired:
    return load(Path(path), as_of=datetime.now(UTC).date())


def members(key: str) -> set[str]:
    (group,) = [group for group in desired().groups if group.key == key]
    return {member.person.alias or member.person.identity for member in group.listed_members.values()}


def changed(*pairs: tuple[str, str]) -> str:
    """The file with some texts replaced."""
    result = FILE
    for old, new in pairs:
        assert result.count(old) == 1, old
        result = result.replace(old, new)
    return result


@pytest.mark.parametrize(
    ("arguments", "pairs"),
    [
        pytest.param("add bob --to alpha", [], id="somebody who is in through a team"),
        pytest.param("add carol --to alpha", [], id="somebody who is in"),
        pytest.param(
            "add carol --to beta", [("[alice, bob]\n    admins", "[alice, bob, carol]\n    admins")], id="one"
        ),
        pytest.param(
            "add BOB --to alpha,gamma --until 2099-12-31 --reason x --to beta",
            None,
            id="a longer membership through a team",
        ),
        pytest.param(
            "add '+1 404 555 0147' --to alpha --until 2099-12-31",
            [("# the guest\n", "# the guest\n      - {phone: +1 404-555-0147, until: 2099-12-31}\n")],
            id="a number with a last day",
        ),
        pytest.param(
            "add +14045550147 --as dave --name 'Dave O' --to beta",
            [
                ("lid: 7@lid}\n", "lid: 7@lid}\n  dave: {phone: +1 404-555-0147, name: Dave O}\n"),
                ("[alice, bob]\n    admins", "[alice, bob, dave]\n    admins"),
            ],
            id="a new alias",
        ),
        pytest.param(
            "add bob --to epsilon",
            [("{person: bob, until: 2020-01-31, reason: guest}", "{person: bob, reason: guest}")],
            id="somebody whose membership has ended",
        ),
        pytest.param(
            "remove carol --from alpha",
            [("    members:\n      - carol  # the guest\n", "    members: []\n")],
            id="the last",
        ),
        pytest.param(
            "remove bob --from beta",
            [("[alice, bob]\n    admins: [bob]", "[alice]\n    admins: []")],
            id="an admin",
        ),
        pytest.param("remove bob --from alpha", None, id="somebody who is in through a team stays"),
        pytest.param(
            "remove bob --from alpha --except",
            [("teams: [board]\n    members", "teams: [board]\n    except: [bob]\n    members")],
            id="except",
        ),
        pytest.param("remove bob --from gamma --from-team staff", None, id="a team that does not list them"),
        pytest.param(
            "remove bob --from gamma --from-team board", [("board: [alice, bob]", "board: [alice]")], id="their team"
        ),
        pytest.param("remove bob --from-team board", [("board: [alice, bob]", "board: [alice]")], id="only the team"),
        pytest.param(
            "remove bob --everywhere",
            [
                ("board: [alice, bob]", "board: [alice]"),
                ("[alice, bob]\n    admins: [bob]", "[alice]\n    admins: []"),
                ("[{person: bob, until: 2020-01-31, reason: guest}]", "[]"),
            ],
            id="everywhere",
        ),
        pytest.param(
            "remove +14045550146 --everywhere --forget",
            [("absent: [+1 404 555 0146]", "absent: []")],
            id="forget a number",
        ),
        pytest.param("remove alice --everywhere --forget", None, id="forget somebody protected"),
        pytest.param(
            "remove alice --everywhere --forget --yes",
            [
                ("  alice: +1 202 555 0143   # since 2020\n", ""),
                ("board: [alice, bob]", "board: [bob]"),
                ("protected: [alice]", "protected: []"),
                ("[alice, bob]\n    admins", "[bob]\n    admins"),
            ],
            id="forget somebody protected, with --yes",
        ),
        pytest.param(
            "person carol --phone '+1 303 555 0149'",
            [("{phone: +1 303 555 0145, lid: 7@lid}", "{phone: +1 303-555-0149}")],
            id="a new number",
        ),
        pytest.param("person carol --phone '+1 (303) 555-0145'", [], id="the same number"),
        pytest.param(
            "person alice --name 'Alice O'",
            [("+1 202 555 0143   #", "{phone: +1 202 555 0143, name: Alice O}   #")],
            id="a new name",
        ),
        pytest.param("person dave --name D", None, id="nobody"),
        pytest.param(
            "rename beta 'Beta 2'",
            [("name: Beta\n", "name: Beta 2\n    previously: [Beta]\n")],
            id="a name without an id",
        ),
        pytest.param("rename delta Delta", [("{id: 1@g.us}", "{id: 1@g.us, name: Delta}")], id="a name with an id"),
        pytest.param("rename beta Beta", [], id="the same name"),
        pytest.param("rename beta Alpha", None, id="a name that another group has"),
        pytest.param(
            "set beta membership additive", [("admins: [bob]\n", "admins: [bob]\n    membership: additive\n")], id="set"
        ),
        pytest.param("set beta membership addtive", None, id="set a wrong value"),
        pytest.param("set beta members alice", None, id="set a list"),
        pytest.param("set beta descripton x", None, id="set a wrong field"),
        pytest.param("set zeta priority 1", None, id="set a wrong group"),
        pytest.param(
            "group zeta --name 'Zeta: 1' --member alice --member +14045550147",
            [
                (
                    "reason: guest}]}\n",
                    'reason: guest}]}\n  zeta:\n    name: "Zeta: 1"\n    members: [alice, +1 404-555-0147]\n',
                )
            ],
            id="a group",
        ),
        pytest.param("group beta --name B", None, id="a group that is there"),
        pytest.param("add alice --to delta", None, id="a group whose members are not managed"),
        pytest.param("add +14045550146 --to gamma", None, id="somebody absent"),
        pytest.param("add ali --to beta", None, id="a part of a name"),
        pytest.param("add alice --to beta --until 2020-01-31", None, id="a last day that has passed"),
        pytest.param(
            "add 7@lid --to beta", [("[alice, bob]\n    admins", "[alice, bob, carol]\n    admins")], id="a known LID"
        ),
        pytest.param("add 8@lid --to beta", None, id="an unknown LID"),
    ],
)
def test_a_verb_changes_what_it_is_about_and_nothing_else(
    edit: Edit, arguments: str, pairs: list[tuple[str, str]] | None
) -> None:
    import shlex

    words = shlex.split(arguments)
    dry = edit(*words, "--dry-run")
    assert text() == FILE
    ran = edit(*words)
    assert (ran.code, dry.code) == ((1, 1) if pairs is None else (0, 0)), ran.err
    assert text() == (FILE if pairs is None else changed(*pairs))
    assert dry.out == ran.out
    assert "555 01" not in ran.out + ran.err
    assert "555-01" not in ran.out + ran.err
    if pairs == []:
        assert ran.out == "Nothing to change in groups.yaml.\n"
    elif pairs:
        assert ran.out.startswith("--- groups.yaml\n+++ groups.yaml\n@@")
    if pairs and not {"group", "--as", "--from-team", "--forget"} & {*words}:
        assert edit(*words).out == "Nothing to change in groups.yaml.\n"


def test_the_first_block_of_the_page_runs_from_its_first_line_to_its_last(edit: Edit) -> None:
    page = (Path(__file__).parents[3] / "docs" / "edit.md").read_text(encoding="utf-8")
    Path("groups.yaml").write_text(
        "version: 1\npeople: {alice: +1 202 555 0143, bob: +1 202 555 0144}\n"
        "groups:\n  project-alpha:\n    name: Project Alpha\n    members: [alice]\n"
    )
    for line in page.split("```sh\n")[1].split("```")[0].splitlines():
        ran = edit(*shlex.split(line.removeprefix("reconciler edit ")))
        assert (ran.code, ran.err) == (0, ""), line
    assert "bob" not in text()


def test_the_diff_ends_with_who_comes_and_goes_and_shows_numbers_on_request(edit: Edit) -> None:
    masked = edit("add", "+14045550147", "carol", "--to", "beta", "--dry-run")
    assert masked.out.endswith("\n\n+ beta: +1 404 ••• ••47\n+ beta: carol\n")
    shown = edit("add", "+14045550147", "carol", "--to", "beta", "--dry-run", "--show-phones")
    assert "\n+    members: [alice, bob, carol, +1 404-555-0147]\n" in shown.out
    assert "nothing was written, because this is a dry run" in shown.err


def test_a_refusal_names_the_teams_and_both_ways_out(edit: Edit) -> None:
    ran = edit("remove", "bob", "--from", "gamma")
    assert "`bob` would still be in the group `gamma`, through the team `staff/board`" in ran.err
    assert "--from-team" in ran.err
    assert "--except" in ran.err


def test_an_excepted_person_is_taken_out_of_except_to_be_added(edit: Edit) -> None:
    edit("remove", "bob", "--from", "alpha", "--except")
    assert members("alpha") == {"alice", "carol"}
    edit("add", "bob", "--to", "alpha")
    assert text() == FILE


def test_text_that_a_yaml_alias_shares_is_not_edited_and_the_lines_to_paste_are_shown(edit: Edit) -> None:
    before = FILE.replace("board: [alice, bob]", "board: &all [alice, bob]").replace(
        "members: [alice, bob]\n", "members: *all\n"
    )
    Path("groups.yaml").write_text(before, encoding="utf-8")
    masked = edit("add", "+14045550147", "--to", "beta")
    assert (masked.code, masked.out) == (1, "+ - +1 404 ••• ••47\n")
    assert "groups.yaml:19: `groups.beta.members`: its text is shared through a YAML alias" in masked.err
    assert "--show-phones" in masked.err
    assert edit("add", "+14045550147", "--to", "beta", "--show-phones").out == "+ - +1 404-555-0147\n"
    assert text() == before


def test_a_group_with_the_members_of_the_defaults_does_not_lose_them(edit: Edit) -> None:
    Path("groups.yaml").write_text(FILE + "defaults: {members: [alice]}\n", encoding="utf-8")
    assert "has the members of `defaults`" in edit("add", "bob", "--to", "delta").err
    assert "through `defaults.members`" in edit("remove", "alice", "--from", "delta").err
    assert edit("remove", "alice", "--everywhere").code == 0
    assert text().endswith("defaults: {members: []}\n")


def folder(**files: str) -> None:
    for name, content in files.items():
        path = Path("conf", name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


RULES = "version: 1\nrestrictions: [{path: 'sales/*', groups: [sales-*]}, {path: people.yaml, people: true}]\n"


def test_in_a_folder_each_change_goes_into_its_own_file_and_the_restrictions_hold(edit: Edit) -> None:
    north = "groups:\n  sales-north: {name: North, members: [alice]}\n"
    folder(main=RULES, people="people:\n  alice: +1 202 555 0143\n", sales__north=north)
    added = edit("add", "+12025550144", "--as", "bob", "--to", "sales-north", "--path", "conf")
    assert (added.code, added.err) == (0, "")
    assert Path("conf/people.yaml").read_text() == "people:\n  alice: +1 202 555 0143\n  bob: +1 202-555-0144\n"
    assert Path("conf/sales/north.yaml").read_text() == north.replace("[alice]", "[alice, bob]")
    new = ("group", "marketing", "--name", "M", "--path", "conf")
    assert "name one with --file: conf/main.yaml, conf/people.yaml, conf/sales/north.yaml" in edit(*new).err
    refused = edit(*new, "--file", "conf/sales/north.yaml")
    assert (refused.code, "this file may not define the group `marketing`" in refused.err) == (1, True)
    assert edit(*new, "--file", "main.yaml").code == 0
    assert Path("conf/main.yaml").read_text() == RULES + "\ngroups:\n  marketing: {name: M}\n"


def test_all_files_are_written_or_none(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    files = {"a": "version: 1\npeople: {alice: +1 202 555 0143}\n", "b": "groups: {b: {name: B, members: [alice]}}\n"}
    folder(**files)
    replace, calls = os.replace, []

    def fail_at_the_second(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_at_the_second)
    ran = edit("remove", "alice", "--everywhere", "--forget", "--path", "conf")
    assert (ran.code, "b.yaml cannot be written: No space left on device" in ran.err) == (1, True)
    assert {path.name: path.read_text() for path in Path("conf").iterdir()} == {
        f"{n}.yaml": t for n, t in files.items()
    }


def test_a_file_that_somebody_else_changes_meanwhile_is_not_replaced(
    edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = FILE + "# theirs\n"
    monkeypatch.setattr("reconciler.cli.edit_outcome.require_stdout", lambda: Path("groups.yaml").write_text(theirs))
    ran = edit("add", "carol", "--to", "beta")
    assert (ran.code, text()) == (1, theirs)
    assert "groups.yaml changed meanwhile, so nothing was written" in ran.err


def test_the_files_are_compared_and_written_under_one_lock(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    def require_lock(*_: object) -> None:
        with pytest.raises(ReconcilerError, match="another command is writing"), files_lock(Path(), timeout=0):
            pass
        held.append(True)

    monkeypatch.setattr("reconciler.editing.yaml_edit.require_unchanged", require_lock)
    monkeypatch.setattr("reconciler.editing.yaml_edit.write_files", require_lock)
    assert edit("add", "carol", "--to", "beta").code == 0
    assert held == [True, True]
    with files_lock(Path(), timeout=0):
        pass


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("remove bob", "from where is not given"),
        ("remove bob --everywhere --from beta", "--everywhere does not go with"),
        ("remove bob --from beta --forget", "--forget needs --everywhere"),
        ("remove bob --from-team board --except", "--except needs --from"),
        ("remove +14045550177 --from beta", "has nobody with the number"),
        ("remove bob --from-team bord", "has no team `bord`"),
        ("add bob --to beta --name B", "--name needs --as"),
        ("add bob carol --to beta --as x", "--as gives an alias to one person"),
        ("add bob --to beta --file x", "--file needs --as"),
        ("add bob --to beta --as bobby", "`bob` is `bob` already"),
        ("add +14045550147 --to beta --as bob", "has an alias `bob` already"),
        ("add bob", "Missing option '--to'"),
        ("person bob", "nothing to change is given"),
        ("set beta name B", "use `reconciler edit rename beta NAME`"),
        ("--dry-run add bob --to beta", "--dry-run is before the command 'add'"),
        ("--form f.md add bob --to beta", "leave out one of the two"),
        ("rename bet B", "did you mean `beta`?"),
    ],
)
def test_what_does_not_go_together_is_one_clear_error(edit: Edit, arguments: str, words: str) -> None:
    ran = edit(*arguments.split())
    assert (ran.code, ran.out, text()) == (1, "", FILE)
    assert words in ran.err


@pytest.mark.parametrize(
    "verb", ["rename beta", "set beta description", "add bob --to gamma --reason", "group x --name"]
)
def test_a_text_that_is_not_utf8_is_refused(edit: Edit, verb: str) -> None:
    ran = edit(*verb.split(), "x\udcff")
    assert (ran.code, text()) == (1, FILE)
    assert "Traceback" not in ran.err
    assert "bug" not in ran.err


def test_edit_alone_shows_its_help(edit: Edit) -> None:
    ran = edit()
    assert (ran.code, "--form FILE" in ran.err, "remove" in ran.err) == (1, True, True)


@pytest.mark.parametrize(
    ("entry", "line", "written"),
    [
        ("members: [{person: bob, until: 2099-01-31}]", "add bob --to zeta", "{person: bob}"),
        ("members: [{person: bob, until: 2099-01-31}]", "--form f.md", "{person: bob}"),
        ("members: [alice], teams: [guests]", "add bob --to zeta", "[alice, bob]"),
    ],
)
def test_a_membership_that_is_added_without_a_last_day_has_no_end(
    edit: Edit, entry: str, line: str, written: str
) -> None:
    guests = FILE.replace("teams:\n  board", "teams:\n  guests: [{person: bob, until: 2099-01-31}]\n  board")
    Path("groups.yaml").write_text(f"{guests}  zeta: {{name: Z, {entry}}}\n", encoding="utf-8")
    Path("f.md").write_text(form(Person="bob", Groups="zeta"), encoding="utf-8")
    assert edit(*line.split()).code == 0
    assert written in text().splitlines()[-1]
    (group,) = [group for group in desired().groups if group.key == "zeta"]
    assert [m.until for m in group.listed_members.values() if m.person.alias == "bob"] == [None]


@pytest.mark.parametrize("names", ["Beta|Alpha 2|Beta", "Beta 2|Beta 3|Beta 2"])
def test_an_earlier_name_is_never_the_name_and_never_twice(edit: Edit, names: str) -> None:
    for name in names.split("|"):
        edit("rename", "beta", name)
    (group,) = [group for group in desired().groups if group.key == "beta"]
    assert group.name not in group.previously
    assert len(set(group.previously)) == len(group.previously)


def test_an_entry_with_terms_is_under_person_for_every_alias_and_else_under_phone(edit: Edit) -> None:
    lines = "people: {5a: +1 202 555 0143}\nregion: US\ngroups: {a: {name: A, members: [5a, (202) 555-0145]}}\n"
    Path("groups.yaml").write_text(f"version: 1\n{lines}", encoding="utf-8")
    for person in ("5a", "+1 202 555 0145"):
        assert edit("add", person, "--to", "a", "--until", "2099-01-31").code == 0
    assert "[{person: 5a, until: 2099-01-31}, {phone: (202) 555-0145, until: 2099-01-31}]" in text()


@pytest.mark.parametrize("name", ["tab\there", "A\u00a0B", "A\u2028B", "A\U000e0067B", 'q"\\', "\U0001f600"])
def test_json_stays_json_whatever_a_text_has(edit: Edit, name: str) -> None:
    Path("groups.yaml").write_text('{"version": 1, "groups": {"a": {"name": "A"}}}', encoding="utf-8")
    assert edit("set", "a", "description", name).code == 0
    assert json.loads(text())["groups"]["a"]["description"] == name


def test_a_new_number_replaces_the_old_one_in_every_list_and_who_comes_and_goes_is_shown(edit: Edit) -> None:
    old = "+1 202 555 0144"
    lists = f"  zeta: {{name: Z, members: [{old}, {{phone: {old}, reason: x}}], admins: [{old}]}}\n"
    Path("groups.yaml").write_text(FILE + lists, encoding="utf-8")
    ran = edit("person", "bob", "--phone", "+1 404 555 0149")
    assert ran.code == 0, ran.err
    assert old not in text()
    assert "- zeta: bob (+1 202 ••• ••44)\n+ zeta: bob (+1 404 ••• ••49)" in ran.out
    assert desired().people.keys() >= {"+14045550149"}


@pytest.fixture
def edit_with_roster(edit: Edit) -> Edit:
    """Run `edit` in a folder with a roster, in which `dave` is in the team `5a`."""
    Path("roster.csv").write_text("id,mobile,class\ndave,+1 404 555 0147,5a\neve,+1 404 555 0148,\n", encoding="utf-8")
    source = "sources: [{csv: roster.csv, id: id, phone: mobile, teams: [class]}]\n"
    Path("groups.yaml").write_text(FILE + source, encoding="utf-8")
    return edit


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("remove dave --everywhere", "`dave` comes from `roster.csv`, row 2"),
        ("remove eve --everywhere --forget", "`eve` comes from `roster.csv`, row 3"),
        ("remove dave --from-team 5a", "the people of the team `5a` come from `roster.csv`"),
    ],
)
def test_who_comes_from_a_people_file_is_not_removed_and_the_place_is_named(
    edit_with_roster: Edit, line: str, words: str
) -> None:
    before = text()
    ran = edit_with_roster(*line.split())
    assert (ran.code, ran.out, text()) == (1, "", before)
    assert words in ran.err


def test_a_new_alias_is_none_that_a_people_file_gives(edit_with_roster: Edit) -> None:
    Path("f.md").write_text(form(Person="Dave!", Phone_number="+1 202 555 0133"), encoding="utf-8")
    ran = edit_with_roster("--form", "f.md")
    assert ran.code == 0, ran.err
    assert "dave-2: " in text()


# --- the form of an issue -------------------------------------------------------------------------------------------


def form(**answers: str) -> str:
    """The body that GitHub writes for an issue form."""
    fields = {"Action": "Add", "Person": "", "Phone number": "", "Groups": "beta", "Until": "", "Reason": ""}
    fields |= {name.replace("_", " "): answer for name, answer in answers.items()}
    return "\n\n".join(f"### {name}\n\n{answer or '_No response_'}" for name, answer in fields.items()) + "\n"


@pytest.mark.parametrize(
    ("answers", "pairs"),
    [
        ({"Person": "carol"}, [("[alice, bob]\n    admins", "[alice, bob, carol]\n    admins")]),
        ({"Person": "Bob Marsh", "Action": "Remove"}, [("[alice, bob]\n    admins: [bob]", "[alice]\n    admins: []")]),
        (
            {"Phone number": "+1 404 555 0147", "Until": "2099-12-31", "Reason": "a, b"},
            [("bob]\n    admins", 'bob, {phone: +1 404-555-0147, until: 2099-12-31, reason: "a, b"}]\n    admins')],
        ),
        (
            {"Person": "Eve: *O*", "Phone number": "+1 404 555 0147", "Groups": "- [x] beta\n- [ ] delta"},
            [
                ("lid: 7@lid}\n", 'lid: 7@lid}\n  eve-o: {phone: +1 404-555-0147, name: "Eve: *O*"}\n'),
                ("[alice, bob]\n    admins", "[alice, bob, eve-o]\n    admins"),
            ],
        ),
        (
            {"Person": "BOB", "Phone number": "+1 202 555 0144", "Groups": "epsilon, beta"},
            [("{person: bob, until: 2020-01-31, reason: guest}", "{person: bob, reason: guest}")],
        ),
    ],
)
def test_a_form_adds_or_removes_a_person(edit: Edit, answers: dict[str, str], pairs: list[tuple[str, str]]) -> None:
    Path("issue.md").write_bytes(
        form(**{k.replace(" ", "_"): v for k, v in answers.items()}).replace("\n", "\r\n").encode()
    )
    ran = edit("--form", "issue.md")
    assert (ran.code, ran.err) == (0, "")
    assert text() == changed(*pairs)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "the form lacks the heading `Action`"),
        (form(Action="Drop"), "`Drop` is not an action"),
        (form(), "the form names nobody"),
        (form(Person="carol", Groups="*"), "there is no group `*`"),
        (form(Person="carol", Groups="@/etc/passwd"), "there is no group `@/etc/passwd`"),
        (form(Person="carol", Groups=""), "the form names no group"),
        (form(Person="Zoe"), "`Zoe` is not an alias, a name or a phone number"),
        (form(Person="carol", Phone_number="+1 202 555 0144"), "is that of `bob`, not of `carol`"),
        (form(Person="carol", Phone_number="+1 404 555 0147"), "`carol` is in the configuration with another number"),
        (form(Person="Eve", Phone_number="1"), "1"),
        (form(Action="Remove", Phone_number="+1 404 555 0177"), "has nobody with the number"),
        (form(Person="carol\nbob"), "has several lines"),
        (form(Person="carol", Until="tomorrow"), "is not a date"),
        (form(Person="carol", Until="20990101"), "is not a date"),
        (form(Person="bob", Action="Remove", Until="2099-12-31"), "a removal takes effect at once"),
        (
            form(Person="bob", Action="Remove", Phone_number="+1 404 555 0147"),
            "`bob` is in the configuration with another number",
        ),
        (form(Person="carol", Reason="x\n\n### Action\n\nRemove"), "the heading `Action` twice"),
        (form(Person="carol", Reason="x\n\n### Path\n\n/etc"), "an unknown heading, `Path`"),
        (form(Person="alice", Action="Remove", Groups="alpha"), "through the team `board`\n  a form cannot do this"),
        (form(Person="carol", Reason="x" * 201), "nothing was written"),
        (form(Person="carol", Reason="x" * 30_000), "more than 20,000 characters"),
        (form(Person="\x1b[31m::error::$(id)"), r"`\x1b[31m"),
    ],
)
def test_a_form_that_is_not_clear_or_hostile_is_refused(edit: Edit, body: str, words: str) -> None:
    Path("issue.md").write_text(body, encoding="utf-8")
    ran = edit("--form", "issue.md")
    assert (ran.code, ran.out, text()) == (1, "", FILE)
    assert words in ran.err
    assert "\x1b" not in ran.err
    assert not re.search(r" --[a-z]|run `|`edit", ran.err)  # whoever wrote the form has no command line
    assert not any(line.startswith("::") for line in ran.err.splitlines())


def test_a_form_that_cannot_be_read_is_an_error(edit: Edit) -> None:
    assert "cannot read issue.md: No such file" in edit("--form", "issue.md").err
    Path("issue.md").write_bytes(b"### Action\xff")
    assert "issue.md is not UTF-8 text" in edit("--form", "issue.md").err
