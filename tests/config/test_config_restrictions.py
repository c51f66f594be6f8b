"""Which file may say what: the first rule that matches decides, and where there are rules, silence is a no."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ProblemKind
from reconciler.history.forbidden_removals import forbidden_removals
from reconciler.model.desired import Desired
from tests.config.folders import TODAY, loaded, problems

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


def test_files_that_keep_to_the_rules_are_one_configuration_that_knows_who_said_what(tmp_path: Path) -> None:
    desired = loaded(
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
            "F/sales/a.yaml:3:3: groups.hr: the group `hr` may not stand in this file: it may define "
            "the groups `sales-*` and teams, by the rule at F/main.yaml:3:5; "
            "widen the rule, or move it to another file",
        ),
        (
            "sales/people.yaml",
            "people: {alice: +1 202 555 0143}",
            "F/sales/people.yaml:1:1: people: `people` may not stand in this file: it may define "
            "the groups `sales-*` and teams, by the rule at F/main.yaml:3:5; "
            "widen the rule, or move it to another file",
        ),
        (
            "people.yaml",
            "teams: {staff: []}",
            "F/people.yaml:1:1: teams: `teams` may not stand in this file: it may define people, by the rule at "
            "F/main.yaml:5:5; "
            "widen the rule, or move it to another file",
        ),
        (
            "Sales/a.yaml",
            "groups: {sales-a: {name: A}}",
            "F/Sales/a.yaml:1:10: groups.sales-a: the group `sales-a` may not stand in this file: no rule matches "
            "`Sales/a.yaml`; the rules are at F/main.yaml:2:1; "
            "add a rule for `Sales/a.yaml`, or move it to another file",
        ),
    ],
)
def test_what_a_file_may_not_say_is_told_at_its_key_with_the_rule_that_decided(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    assert problems(tmp_path, {"main.yaml": RULES, name: text}) == [expected]


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("policy", "policy: {protected: []}"),
        ("instance", "instance: {id: inst_x}"),
        ("defaults", "defaults: {max_removals: 100%}"),
        ("policy", "policy: {}"),
    ],
)
def test_what_steers_safety_stands_with_the_restrictions_and_nowhere_else(
    tmp_path: Path, section: str, text: str
) -> None:
    (told,) = problems(tmp_path, {"main.yaml": RULES, "sales/a.yaml": text})
    assert told == (
        f"F/sales/a.yaml:1:1: {section}: `{section}` may stand only in the file that has the `restrictions`, "
        "at F/main.yaml:2:1; move it there"
    )


def test_two_files_with_restrictions_are_an_error_even_if_both_would_do(tmp_path: Path) -> None:
    told = problems(tmp_path, {"main.yaml": RULES, "sales/a.yaml": "restrictions: []\nregion: US"})
    assert told[0] == (
        "F/sales/a.yaml:1:1: restrictions: `restrictions` is defined twice, first at F/main.yaml:2:1; keep one of them"
    )
    assert any("`region` may stand only" in line for line in told)


def test_a_file_elsewhere_is_not_let_in_by_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("groups: {sales-a: {name: A}}", encoding="utf-8")
    folder = tmp_path / "F"
    (folder / "sales").mkdir(parents=True)
    (folder / "sales" / "a.yaml").symlink_to(outside)
    assert problems(folder, {"main.yaml": RULES}) == [
        "F/sales/a.yaml:1:1: the file is a link, and who may write it is not said by the `restrictions` at "
        "F/main.yaml:2:1; put the file itself there"
    ]
    (folder / "main.yaml").write_text("version: 1", encoding="utf-8")
    assert [group.key for group in load(folder, as_of=TODAY).groups] == ["sales-a"]


def test_a_folder_elsewhere_is_not_let_in_by_a_link_nor_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.yaml").write_text("groups: {sales-a: {name: A}}", encoding="utf-8")
    folder = tmp_path / "F"
    folder.mkdir()
    (folder / "sales").symlink_to(tmp_path / "outside")
    (folder / ".hidden").symlink_to(tmp_path / "outside")
    assert problems(folder, {"main.yaml": RULES}) == [
        "F/sales: the folder is a link, and who may write there is not said by the `restrictions` at "
        "F/main.yaml:2:1; put the folder itself there"
    ]
    (folder / "main.yaml").write_text("version: 1", encoding="utf-8")
    desired = load(folder, as_of=TODAY)
    assert desired.groups == ()
    (warning,) = desired.warnings
    assert (warning.file, warning.severity) == (str(folder / "sales"), "warning")
    assert warning.message == "the folder is a link, and what it leads to is not read"


def test_the_folder_itself_may_be_reached_in_any_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(tmp_path / "F", {"main.yaml": RULES, "sales/a.yaml": "groups: {sales-a: {name: A}}"})
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
def test_the_file_with_the_rules_is_free_where_none_is_for_it_and_no_other_is(rules: str, tmp_path: Path) -> None:
    main = f"version: 1\nrestrictions: {rules}\npeople: {{alice: +1 202 555 0143}}\ngroups: {{board: {{name: B}}}}"
    assert loaded(tmp_path, {"main.yaml": main}).groups[0].key == "board"
    (problem,) = problems(tmp_path, {"hr/a.yaml": "groups: {hr: {name: HR}}"})
    assert "the group `hr` may not stand in this file: no rule matches `hr/a.yaml`" in problem


def test_a_rule_for_the_file_with_the_rules_binds_it(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, {"main.yaml": RULES + "teams: {staff: []}\n"})
    assert "`teams` may not stand in this file" in problem


BEFORE = {
    "main.yaml": RULES,
    "people.yaml": "people: {alice: 202 555 0143, bob: 202 555 0144}",
    "sales/a.yaml": "teams: {staff: [alice]}\ngroups: {sales-a: {name: A}, sales-b: {name: B}}",
}
FREE = {"main.yaml": "version: 1\nregion: US\ngroups: {board: {name: Board}}"}


@pytest.mark.parametrize(
    ("base", "head", "gone"),
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
def test_removals_are_held_against_the_rules_of_both_revisions(
    tmp_path: Path, base: dict[str, str], head: dict[str, str], gone: list[str]
) -> None:
    found = forbidden_removals(loaded(tmp_path / "base", base), loaded(tmp_path / "head", head))
    below = f"{tmp_path / 'base'}/"
    assert [f"{problem.file.removeprefix(below)} {problem.path}" for problem in found] == gone
    assert all(problem.file.startswith(below) for problem in found)
    assert all("may not do" in problem.message and problem.hint for problem in found)
    assert all(problem.kind is ProblemKind.RESTRICTION for problem in found)


def test_dropping_the_rules_along_with_the_keys_gains_nothing(tmp_path: Path) -> None:
    base = loaded(tmp_path / "base", BEFORE)
    # A base that was loaded before anybody held it against its rules.
    loose = Desired(
        base.groups, origins={**base.origins, "groups": {"hr": "sales/a.yaml"}}, restrictions=base.restrictions
    )
    (problem,) = (p for p in forbidden_removals(loose, loaded(tmp_path / "head", FREE)) if "groups" in p.path)
    assert problem.path == "groups.hr"
    assert "before this change: by the rule at" in problem.message
