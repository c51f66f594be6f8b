"""Which file may say what: the first rule that matches decides, and where there are rules, silence is a no."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ProblemKind
from reconciler.history.changed_since import forbidden_removals
from reconciler.model.desired import Desired
from tests.config.folders import TODAY, load_files, problem_lines

RULES = """\
version: 1
restrictions:
  - {path: "sales/**", groups: ["sales-*"], teams: true}
  - {path: "sales/people.yaml", people: true}
  - {path: people.yaml, people: true}
  - {path: main.yaml, groups: ["*"], people: false}
policy: {max_members: 10}
defaults: {membership: additive}
instance: {phone: +1 202 555 0100}
region: US
groups: {board: {name: Board}}
"""


def test_files_that_follow_the_rules_are_one_configuration_with_origins(tmp_path: Path) -> None:
    desired = load_files(
        tmp_path,
        {
            "main.yaml": RULES,
            "people.yaml": "people: {alice: 202 555 0143}",
            "sales/north/a.yaml": "version: 1\nteams: {staff: [alice]}\ngroups: {sales-north: {name: N}}",
        },
    )
    assert desired.origins == {
        "groups": {"board": "main.yaml", "sales-north": "sales/north/a.yaml"},
        "people": {"alice": "people.yaml"},
        "teams": {"staff": "sales/north/a.yaml"},
        "sources": {},
    }
    assert desired.restrictions is not None
    assert [rule.where.rpartition("/")[2] for rule in desired.restrictions.rules] == [
        "main.yaml:3",
        "main.yaml:4",
        "main.yaml:5",
        "main.yaml:6",
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "sales/a.yaml",
            "groups:\n  sales-a: {name: A}\n  hr: {name: HR}",
            "F/sales/a.yaml:3:3: groups.hr: this file may not define the group `hr`: it may define "
            "the groups `sales-*` and teams, by the rule at F/main.yaml:3:5; "
            "widen the rule, or move it to another file",
        ),
        (
            "sales/people.yaml",
            "people: {alice: +1 202 555 0143}",
            "F/sales/people.yaml:1:1: people: this file may not define `people`: it may define "
            "the groups `sales-*` and teams, by the rule at F/main.yaml:3:5; "
            "widen the rule, or move it to another file",
        ),
        (
            "people.yaml",
            "teams: {staff: []}",
            "F/people.yaml:1:1: teams: this file may not define `teams`: it may define people, by the rule at "
            "F/main.yaml:5:5; "
            "widen the rule, or move it to another file",
        ),
        (
            "Sales/a.yaml",
            "groups: {sales-a: {name: A}}",
            "F/Sales/a.yaml:1:10: groups.sales-a: this file may not define the group `sales-a`: no rule matches "
            "`Sales/a.yaml`; the rules are at F/main.yaml:2:1; "
            "add a rule for `Sales/a.yaml`, or move it to another file",
        ),
    ],
)
def test_a_forbidden_definition_is_reported_at_its_key_with_the_deciding_rule(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    assert problem_lines(tmp_path, {"main.yaml": RULES, name: text}) == [expected]


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("policy", "policy: {protected: []}"),
        ("instance", "instance: {id: inst_x}"),
        ("defaults", "defaults: {max_removals: 100%}"),
        ("policy", "policy: {}"),
    ],
)
def test_sections_that_control_safety_are_allowed_only_with_the_restrictions(
    tmp_path: Path, section: str, text: str
) -> None:
    (line,) = problem_lines(tmp_path, {"main.yaml": RULES, "sales/a.yaml": text})
    assert line == (
        f"F/sales/a.yaml:1:1: {section}: `{section}` is allowed only in the file with the `restrictions`, "
        "at F/main.yaml:2:1; move it there"
    )


def test_two_files_with_restrictions_are_an_error_even_if_they_agree(tmp_path: Path) -> None:
    lines = problem_lines(tmp_path, {"main.yaml": RULES, "sales/a.yaml": "restrictions: []\nregion: US"})
    twice = "`restrictions` is defined twice, first at F/main.yaml:2:1; keep one of them"
    assert f"F/sales/a.yaml:1:1: restrictions: {twice}" in lines
    assert any("`region` is allowed only" in line for line in lines)


def test_a_linked_file_is_an_error_with_rules(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("groups: {sales-a: {name: A}}", encoding="utf-8")
    folder = tmp_path / "F"
    (folder / "sales").mkdir(parents=True)
    (folder / "sales" / "a.yaml").symlink_to(outside)
    assert problem_lines(folder, {"main.yaml": RULES}) == [
        "F/sales/a.yaml:1:1: the file is a symbolic link, which is not allowed with the `restrictions` at "
        "F/main.yaml:2:1; replace the link with the file itself"
    ]
    (folder / "main.yaml").write_text("version: 1", encoding="utf-8")
    assert [group.key for group in load(folder, as_of=TODAY).groups] == ["sales-a"]


def test_a_linked_folder_is_an_error_with_rules_and_a_warning_without(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.yaml").write_text("groups: {sales-a: {name: A}}", encoding="utf-8")
    folder = tmp_path / "F"
    folder.mkdir()
    (folder / "sales").symlink_to(tmp_path / "outside")
    (folder / ".hidden").symlink_to(tmp_path / "outside")
    assert problem_lines(folder, {"main.yaml": RULES}) == [
        "F/sales: the folder is a symbolic link, which is not allowed with the `restrictions` at "
        "F/main.yaml:2:1; replace the link with the folder itself"
    ]
    (folder / "main.yaml").write_text("version: 1", encoding="utf-8")
    desired = load(folder, as_of=TODAY)
    assert desired.groups == ()
    (warning,) = desired.warnings
    assert (warning.file, warning.severity) == (str(folder / "sales"), "warning")
    assert warning.message == "the folder is a symbolic link, and its files are not read"


def test_the_folder_itself_may_be_given_by_any_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_files(tmp_path / "F", {"main.yaml": RULES, "sales/a.yaml": "groups: {sales-a: {name: A}}"})
    (tmp_path / "link").symlink_to(tmp_path / "F")
    monkeypatch.chdir(tmp_path / "F")
    for path in (".", "../F", "./sales/..", "../link", "F/../../F/"):
        (tmp_path / "F" / "F").mkdir(exist_ok=True)
        assert load(Path(path), as_of=TODAY).origins["groups"]["sales-a"] == "sales/a.yaml"


def test_a_single_file_goes_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "main.yaml"
    path.parent.mkdir()
    path.write_text(RULES, encoding="utf-8")
    assert load(path, as_of=TODAY).origins["groups"] == {"board": "main.yaml"}
    (tmp_path / "link.yaml").symlink_to(path)
    assert load(tmp_path / "link.yaml", as_of=TODAY).origins["groups"] == {"board": "link.yaml"}


@pytest.mark.parametrize("rules", ["[]", '[{path: "sales/**", groups: ["sales-*"]}]'])
def test_only_the_file_with_the_rules_may_define_everything_without_a_rule(rules: str, tmp_path: Path) -> None:
    main = f"version: 1\nrestrictions: {rules}\npeople: {{alice: +1 202 555 0143}}\ngroups: {{board: {{name: B}}}}"
    assert load_files(tmp_path, {"main.yaml": main}).groups[0].key == "board"
    (problem,) = problem_lines(tmp_path, {"hr/a.yaml": "groups: {hr: {name: HR}}"})
    assert "this file may not define the group `hr`: no rule matches `hr/a.yaml`" in problem


def test_a_rule_for_the_file_with_the_rules_applies_to_it(tmp_path: Path) -> None:
    (problem,) = problem_lines(tmp_path, {"main.yaml": RULES + "teams: {staff: []}\n"})
    assert "this file may not define `teams`" in problem


BEFORE = {
    "main.yaml": RULES,
    "people.yaml": "people: {alice: 202 555 0143, bob: 202 555 0144}",
    "sales/a.yaml": "teams: {staff: [alice]}\ngroups: {sales-a: {name: A}, sales-b: {name: B}}",
}
FREE = {"main.yaml": "version: 1\nregion: US\ngroups: {board: {name: Board}}"}


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (BEFORE, BEFORE, []),
        (BEFORE, {**BEFORE, "sales/a.yaml": "groups: {sales-a: {name: A}}"}, []),
        (BEFORE, {**BEFORE, "main.yaml": RULES.replace("{board: {name: Board}}", "{}")}, []),
        ({**BEFORE, **FREE}, FREE, []),
        # The rules come and the keys go in one change: what a file may not say now, it may not unsay either.
        (
            {**BEFORE, **FREE},
            {"main.yaml": RULES.replace("sales-*", "hr"), "people.yaml": "people: {alice: 202 555 0143}"},
            ["sales/a.yaml groups.sales-a", "sales/a.yaml groups.sales-b"],
        ),
        # A key that only moves to a file that may say it is not gone.
        (
            {**FREE, "all.yaml": "people: {alice: 202 555 0143, bob: 202 555 0144}\ngroups: {sales-b: {name: B}}"},
            {
                "main.yaml": RULES,
                "sales/b.yaml": "groups: {sales-b: {name: B}}",
                "people.yaml": "people: {alice: 202 555 0143}",
            },
            ["all.yaml people.bob"],
        ),
    ],
)
def test_removals_are_checked_against_the_rules_of_both_revisions(
    tmp_path: Path, base: dict[str, str], head: dict[str, str], expected: list[str]
) -> None:
    removals = forbidden_removals(load_files(tmp_path / "base", base), load_files(tmp_path / "head", head))
    below = f"{tmp_path / 'base'}/"
    assert [f"{problem.file.removeprefix(below)} {problem.path}" for problem in removals] == expected
    assert all(problem.file.startswith(below) for problem in removals)
    assert all("do not let this file define it" in problem.message and problem.hint for problem in removals)
    assert all(problem.kind is ProblemKind.RESTRICTION for problem in removals)


def test_dropping_the_rules_together_with_the_keys_is_still_forbidden(tmp_path: Path) -> None:
    base = load_files(tmp_path / "base", BEFORE)
    # A base that was loaded before anybody held it against its rules.
    loose = Desired(
        groups=base.groups, origins={**base.origins, "groups": {"hr": "sales/a.yaml"}}, restrictions=base.restrictions
    )
    (problem,) = (p for p in forbidden_removals(loose, load_files(tmp_path / "head", FREE)) if "groups" in p.path)
    assert problem.path == "groups.hr"
    assert "the earlier restrictions do not let this file define it (rule at" in problem.message


def test_rules_are_allowed_beside_the_restrictions_and_where_one_of_them_allows_it(tmp_path: Path) -> None:
    rule = "rules: [{name: it, use: naming, pattern: '.*'}]\n"
    main = RULES.replace("teams: true}", "teams: true, rules: true}", 1)
    assert load_files(tmp_path / "a", {"main.yaml": main + rule}).rules
    assert load_files(tmp_path / "b", {"main.yaml": main, "sales/a.yaml": rule}).rules
    (line,) = problem_lines(tmp_path / "c", {"main.yaml": main, "people.yaml": rule})
    assert "people.yaml:1:1: rules: `rules` is allowed only in the file with the `restrictions`" in line
    assert "add `rules: true` to a restriction" in line


def test_rules_of_several_files_are_one_list_with_names_of_their_own(tmp_path: Path) -> None:
    files = {name: f"rules: [{{name: {name[0]}, use: naming, pattern: '.*'}}]" for name in ("b.yaml", "a.yaml")}
    desired = load_files(tmp_path / "a", {"main.yaml": "version: 1", **files})
    assert [rule.name for rule in desired.rules] == ["a", "b"]
    (line,) = problem_lines(tmp_path / "b", {"main.yaml": "version: 1", **files, "c.yaml": files["a.yaml"]})
    assert "F/c.yaml:1:16: rules[0].name: the rule `a` is defined twice, first at F/a.yaml:1:16" in line


SOURCED = {
    "main.yaml": (
        "version: 1\nrestrictions:\n"
        '  - {path: "school/*.csv", people: true, teams: true}\n'
        '  - {path: "school/*.yaml", groups: ["*"], sources: true}\n'
        '  - {path: "club/**", groups: ["*"], people: true, teams: true}\n'
    ),
    "school/a.yaml": "sources: [{csv: a.csv, id: no, phone: mobile, team: pupils}]",
    "school/a.csv": "no,mobile\n1,+1 202 555 0143\n",
}


def test_a_rule_allows_sources_and_another_one_their_files(tmp_path: Path) -> None:
    desired = load_files(tmp_path, SOURCED)
    assert desired.origins["people"] == {"person-1": "school/a.csv"}
    assert desired.origins["teams"] == {"pupils": "school/a.csv"}
    assert desired.origins["sources"] == {"school/a.csv": "school/a.yaml"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"club/a.yaml": "sources: [{csv: a.csv, id: no, phone: mobile}]", "club/a.csv": "no,mobile\n2,3"},
            "F/club/a.yaml:1:1: sources: this file may not define `sources`: it may define the groups `*` and people "
            "and teams, by the rule at F/main.yaml:5:5; widen the rule, or move it to another file",
        ),
        (
            {"school/a.yaml": "sources: [{csv: a.txt, id: no, phone: mobile}]", "school/a.txt": "no,mobile\n2,3"},
            "F/school/a.txt: this file may not define `people`: no rule matches `school/a.txt`; the rules are at "
            "F/main.yaml:2:1; add a rule for `school/a.txt`, or move it to another file",
        ),
    ],
)
def test_a_source_or_its_file_without_a_rule_is_an_error(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    assert expected in problem_lines(tmp_path, {**SOURCED, **files})


def test_a_people_file_behind_a_link_is_an_error_with_rules(tmp_path: Path) -> None:
    folder, below = tmp_path / "F", tmp_path / "F" / "school" / "below"
    below.mkdir(parents=True)
    (below / "a.csv").write_text(SOURCED["school/a.csv"], encoding="utf-8")
    (folder / "school" / "a.csv").symlink_to(below / "a.csv")
    files = {name: text for name, text in SOURCED.items() if name != "school/a.csv"}
    (line,) = problem_lines(folder, files)
    assert line.startswith("F/school/a.csv: the file is a symbolic link, which is not allowed with the `restrictions`")


def test_who_may_not_define_sources_may_not_remove_one(tmp_path: Path) -> None:
    base = load_files(tmp_path / "base", SOURCED)
    stricter = {**SOURCED, "main.yaml": SOURCED["main.yaml"].replace(", sources: true", "")}
    head = load_files(tmp_path / "head", {**stricter, "school/a.yaml": "groups: {}"})
    (problem,) = (each for each in forbidden_removals(base, head) if each.path.startswith("sources"))
    assert problem.path == "sources.school/a.csv"
    assert problem.message.startswith("this source was removed, but the current restrictions do not let this file")
